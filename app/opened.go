package app

import (
	"time"

	"accord/app/verify"
)

// openedBy charges a client for a session that it opens.
func (s *Service) openedBy(in Credentials) []verify.Charge {
	charges := s.clientQuota("opened", in.IP, limitSignInsFrom, s.settings.Limits.SignInsPerClientHour, time.Hour)
	for i := range charges {
		charges[i].CountsRight = true
	}
	return charges
}

// openedFor charges an account for a session that is opened for it. A refusal
// reveals that the account exists, but only after its user opened that many.
func (s *Service) openedFor(accountID string) verify.Charge {
	limit := verify.Quota(limitSignIns, s.settings.Limits.SignInsPerAccountHour, time.Hour)
	return verify.Charge{Key: openedCount(accountID), Limit: limit, CountsRight: true}
}

func openedCount(accountID string) string { return "opened/account/" + accountID }
