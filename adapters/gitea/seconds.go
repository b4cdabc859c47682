package gitea

import (
	"context"
	"iter"
	"net/http"

	"accord/app/reconcile"
)

// EachSecondAddress implements reconcile.Directory. Gitea lists the addresses of
// all users, in alphabetical order.
func (d *Directory) EachSecondAddress(ctx context.Context, pace reconcile.Pace) iter.Seq2[reconcile.HeldAddress, error] {
	return func(yield func(reconcile.HeldAddress, error) bool) {
		r := request{op: "list addresses", method: http.MethodGet, path: path("admin", "emails")}
		var t tally
		for page := 1; ; page++ {
			a, held, err := d.addressesPage(ctx, pace, r, page)
			if err != nil {
				yield(reconcile.HeldAddress{}, err)
				return
			}
			for _, e := range held {
				if !e.Primary && len(e.Email) <= maxAddress && !yield(reconcile.HeldAddress{UserID: e.UserID, Email: e.Email}, nil) {
					return
				}
			}
			last, err := t.add(a, len(held))
			if err != nil {
				yield(reconcile.HeldAddress{}, t.incomplete(a))
				return
			}
			if last {
				return
			}
		}
	}
}

func (d *Directory) addressesPage(ctx context.Context, pace reconcile.Pace, r request, page int) (a answer, held []heldEmail, err error) {
	if err := pace(ctx); err != nil {
		return answer{}, nil, err
	}
	a, err = d.send(ctx, r.onPage(page))
	switch {
	case err != nil:
		return answer{}, nil, err
	case a.status != http.StatusOK:
		return answer{}, nil, denied(a, a.fault())
	}
	err = a.decode(&held)
	return a, held, err
}

// SecondAddresses implements reconcile.Directory.
func (d *Directory) SecondAddresses(ctx context.Context, accountID string) ([]reconcile.HeldAddress, error) {
	users, err := d.UsersMarked(ctx, accountID)
	if err != nil {
		return nil, err
	}
	var held []reconcile.HeldAddress
	for _, v := range users {
		emails, err := d.secondEmails(ctx, "list second addresses", user{Login: v.Username})
		if err != nil {
			return nil, err
		}
		for _, email := range emails {
			held = append(held, reconcile.HeldAddress{UserID: v.ID, Email: email})
		}
	}
	return held, nil
}
