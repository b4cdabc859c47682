package gitea

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"accord/app"
	"accord/saga"
)

const (
	// endTogether bounds the requests that end one user's credentials.
	endTogether = 8
	// endPerLook is how many of them end after one look at the user: it may have
	// turned its name over to another meanwhile, whose credentials have other
	// numbers.
	endPerLook = 200
)

// SomeTokens implements app.DirectoryCredentials.
func (d *Directory) SomeTokens(ctx context.Context, accountID string, limit int) ([]app.Credential, error) {
	users, err := d.UsersMarked(ctx, accountID)
	if err != nil {
		return nil, err
	}
	var found []app.Credential
	for _, u := range users {
		r := request{op: "list access tokens", method: http.MethodGet, path: numbered[app.GiteaToken].list(u.Username), cheap: true}
		listed, err := d.credentialsListed(ctx, r, limit-len(found), decodeArray)
		if err != nil {
			return nil, err
		}
		for _, c := range listed {
			found = append(found, app.Credential{Kind: app.GiteaToken, User: u.Username, ID: strconv.FormatInt(c.ID, 10), Name: c.label(), End: c.End})
		}
	}
	return found, nil
}

// EndCredentials implements app.DirectoryCredentials. The user is looked at once
// for many: a look costs as much as a deletion.
func (d *Directory) EndCredentials(ctx context.Context, accountID string, all []app.Credential) (ended []app.Credential, fault error) {
	for _, batch := range batches(all) {
		done, err := d.endBatch(ctx, accountID, batch)
		ended = append(ended, done...)
		fault = saga.Graver(fault, err)
		if err != nil && !saga.IsRefused(err) {
			break
		}
	}
	return ended, fault
}

// batches are credentials of one user each, at most endPerLook, in order.
func batches(all []app.Credential) (batched [][]app.Credential) {
	for len(all) > 0 {
		n := 1
		for n < len(all) && n < endPerLook && all[n].User == all[0].User {
			n++
		}
		batched, all = append(batched, all[:n]), all[n:]
	}
	return batched
}

func (d *Directory) endBatch(ctx context.Context, accountID string, batch []app.Credential) (ended []app.Credential, fault error) {
	u, err := d.marked(ctx, "end credentials", app.DirectoryRef{AccountID: accountID, Username: batch[0].User})
	if errors.Is(err, errAbsent) {
		return batch, nil
	}
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(endTogether)
	end := func(some []app.Credential, by func() error) {
		group.Go(func() error {
			err := by()
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				ended = append(ended, some...)
			}
			fault = saga.Graver(fault, err)
			if saga.IsRefused(err) { // the others can end all the same
				return nil
			}
			return err
		})
	}
	var addresses []app.Credential
	for _, c := range batch {
		if c.Kind == app.SecondAddress {
			addresses = append(addresses, c)
			continue
		}
		end([]app.Credential{c}, func() error { return d.endOf(ctx, u, c) })
	}
	if len(addresses) > 0 {
		end(addresses, func() error { return d.endAddresses(ctx, "end "+string(app.SecondAddress), u, addresses) })
	}
	_ = group.Wait()
	return ended, fault
}
