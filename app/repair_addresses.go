package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"accord/saga"
)

// endingAddresses is the state of the saga that removes second addresses of a
// Gitea user.
type endingAddresses struct {
	Facts     Facts
	Seen      DirectoryView
	Addresses []string
}

// EndSecondAddresses removes addresses of a Gitea user that the account owns,
// which are neither its first one nor the account's. One that became the first
// one meanwhile stays. DirectoryFailed, Busy (ErrChanged in the chain if the
// account or the user is not as it was seen) or Internal.
func (s *Service) EndSecondAddresses(ctx context.Context, f Facts, seen DirectoryView, addresses []string) (saga.Receipt, error) {
	const op = "end second addresses"
	own := func(address string) bool { return strings.EqualFold(address, f.Email) }
	if !f.Owns(seen) || slices.ContainsFunc(addresses, own) {
		return saga.Receipt{}, &Error{Kind: Internal, Op: op, Err: errors.New("the address is not a second one of the account's user")}
	}
	receipt, err := carryOut(by(ctx, System), s.repairs.endAddresses, f.AccountID, endingAddresses{
		Facts: f, Seen: seen, Addresses: addresses,
	})
	return settled(op, receipt, err)
}

func (s *Service) endAddressesFlow() saga.Definition[endingAddresses] {
	return exclusive("end second addresses",
		saga.One(saga.Step[endingAddresses]{
			Name: "check account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, e *endingAddresses) error { return s.unchanged(ctx, e.Facts) },
		}),
		saga.One(saga.Step[endingAddresses]{
			Name: "look at Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, e *endingAddresses) error { return s.sameInDirectory(ctx, e.Seen) },
		}),
		saga.One(saga.Step[endingAddresses]{
			Name: "remove addresses", Kind: saga.Pivot,
			Do: func(ctx context.Context, e *endingAddresses) error {
				for _, address := range e.Addresses {
					err := s.DirectoryCredentials.EndCredential(ctx, e.Facts.AccountID, secondAddress(e.Seen.Username, address))
					if err != nil {
						return err
					}
				}
				return nil
			},
		}),
	)
}

// secondAddress is the credential of a Gitea user.
func secondAddress(username, address string) Credential {
	return Credential{Kind: SecondAddress, User: username, ID: address, Name: address}
}
