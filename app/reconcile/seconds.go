package reconcile

import (
	"context"
	"slices"
	"strings"

	"accord/app"
)

// readSecondAddresses reads them before the users, a request for each page of
// addresses. Where credentials are asked for, they are among those.
func (d *directoryComparison) readSecondAddresses(ctx context.Context) error {
	d.seconds = map[int64][]string{}
	if d.o.Credentials != nil {
		return nil
	}
	for held, err := range d.Directory.EachSecondAddress(ctx, d.o.Pace) {
		if err != nil {
			return err
		}
		d.seconds[held.UserID] = append(d.seconds[held.UserID], held.Email)
	}
	return nil
}

// secondAddressesOf is the item of a user that has addresses beside its first
// one. Adopted users may have had theirs before. A user whose number is not the
// account's may be disputed. The account's own address is none of them: mending
// makes it the first one.
func (d *directoryComparison) secondAddressesOf(f app.Facts, v app.DirectoryView) Item {
	item := itemOf(Gitea, f)
	item.User = v
	if v.Mark != f.AccountID || v.ID != f.GiteaID || v.Adopted {
		return item
	}
	for _, address := range d.seconds[v.ID] {
		if strings.EqualFold(address, v.Email) || strings.EqualFold(address, f.Email) {
			continue
		}
		item.differs(SecondAddress, Field{Name: string(app.SecondAddress), Have: address})
	}
	item.Kinds = slices.Compact(item.Kinds)
	return item
}

// secondAddresses are those that are to end.
func (i Item) secondAddresses() []string {
	var addresses []string
	for _, f := range i.Fields {
		addresses = append(addresses, f.Have)
	}
	return addresses
}
