package app

import (
	"context"
	"errors"
	"slices"

	"accord/saga"
)

const (
	// evictRounds bounds how often one try looks for credentials again after it
	// ended some.
	evictRounds = 100
	// evictBatch is how many tokens one round lists and ends.
	evictBatch = 1000
	// maxEvictedNames bounds the credentials that the state of a saga names.
	maxEvictedNames = 100
)

// errStillThere says that an eviction does not come to an end.
var errStillThere = errors.New("credentials of the account are still there, or come anew, after they were ended")

// Evicted is the outcome of an eviction. It is part of the state of sagas, so Ended
// and Left name at most maxEvictedNames credentials each.
type Evicted struct {
	// Ended were credentials that no open session uses, and are dead.
	Ended []Credential
	// Unnamed counts those that Ended leaves out.
	Unnamed map[CredentialKind]int
	// Left are GPG and deploy keys, which end only if that is asked for, or that Gitea
	// refuses to end.
	Left []Credential
}

// record adds credentials that are dead.
func (e *Evicted) record(ended []Credential) {
	room := min(max(0, maxEvictedNames-len(e.Ended)), len(ended))
	e.Ended = append(e.Ended, ended[:room]...)
	for _, c := range ended[room:] {
		if e.Unnamed == nil {
			e.Unnamed = map[CredentialKind]int{}
		}
		e.Unnamed[c.Kind]++
	}
}

// Count is how many credentials are dead.
func (e Evicted) Count() int {
	n := len(e.Ended)
	for _, more := range e.Unnamed {
		n += more
	}
	return n
}

func boundedNames(all []Credential) []Credential { return all[:min(len(all), maxEvictedNames)] }

// evictionOrder lists the kinds beside access tokens that an eviction looks at,
// each group once those before it have ended: first what lets someone in, and
// last deploy keys, which take a request for every repository, if they are to end.
func evictionOrder(keys bool) [][]CredentialKind {
	order := [][]CredentialKind{{OAuth2Application, SecondAddress, SSHKey, ActionsRunner}, {Webhook, GPGKey}}
	if keys {
		order = append(order, []CredentialKind{DeployKey})
	}
	return order
}

// errBeyondDoors is in the chain if a look failed at credentials that let no one
// in as the user, after all others have ended.
var errBeyondDoors = errors.New("the credentials that let someone in have ended")

// evictFromGitea ends credentials until there are none to end, and records them in
// out. A try that ended some and failed has progressed: an account may have more
// tokens than end in the time of one try. Keys that Gitea refuses to end, such as
// GPG keys under USER_DISABLED_FEATURES, are left: they keep no one out for good.
func (s *Service) evictFromGitea(ctx context.Context, a Account, keys bool, out *Evicted) error {
	var kept []Credential
	before := out.Count()
	for range evictRounds {
		done, err := s.evictRound(ctx, a, keys, &kept, out)
		switch {
		case err != nil && out.Count() > before:
			return saga.Progressed(notRefused(err))
		case err != nil || done:
			return err
		}
	}
	return &Error{Kind: DirectoryFailed, Op: "evict", Err: errStillThere}
}

// evictRound looks for credentials and ends them, but for those that are kept, to
// which it adds the keys that Gitea refuses to end. It is done if there were none.
func (s *Service) evictRound(ctx context.Context, a Account, keys bool, kept *[]Credential, out *Evicted) (done bool, err error) {
	ending, left, err := s.roundInGitea(ctx, a, keys, *kept)
	if err != nil {
		return false, err
	}
	out.Left = boundedNames(append(left, *kept...))
	if len(ending) == 0 {
		return true, nil
	}
	ended, err := s.DirectoryCredentials.EndCredentials(ctx, a.ID, ending)
	out.record(ended)
	if !saga.IsRefused(err) {
		return false, err
	}
	refused := without(ending, ended)
	if slices.ContainsFunc(refused, func(c Credential) bool { return !c.Kind.IsKey() }) {
		return false, err
	}
	*kept = append(*kept, refused...)
	return false, nil
}

// without returns all but those that have ended.
func without(all, ended []Credential) []Credential {
	return slices.DeleteFunc(slices.Clone(all), func(c Credential) bool { return slices.Contains(ended, c) })
}

// roundInGitea finds what one round ends, but for those that are kept, and the keys
// that are left; all of these only if there is nothing to end.
func (s *Service) roundInGitea(ctx context.Context, a Account, keys bool, kept []Credential) (ending, left []Credential, err error) {
	open, err := s.Listings.UnclosedOf(ctx, a.ID)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.DirectoryCredentials.SomeTokens(ctx, a.ID, evictBatch+2*len(open))
	if err != nil {
		return nil, nil, err
	}
	for n, kinds := range evictionOrder(keys) {
		others, err := s.DirectoryCredentials.Credentials(ctx, a.ID, kinds...)
		if err != nil && n > 0 {
			err = errors.Join(notRefused(err), errBeyondDoors)
		}
		if err != nil {
			return nil, nil, err
		}
		for _, c := range withoutOwn(a, others) {
			if c.Kind.IsKey() && !keys {
				left = append(left, c)
			} else {
				found = append(found, c)
			}
		}
		ending, err = s.holdings().ofNoSession(ctx, a, without(found, kept))
		if err != nil || len(ending) > 0 {
			return ending, left, err
		}
		found = nil
	}
	return nil, left, nil
}

// CredentialHoldings is where the credentials of accounts are looked for.
type CredentialHoldings struct {
	Users     markedUsers
	Directory DirectoryCredentials
	Storage   StorageCredentials
	Listings  Listings
}

func (s *Service) holdings() CredentialHoldings {
	return CredentialHoldings{s.DirectoryRepairs, s.DirectoryCredentials, s.StorageCredentials, s.Listings}
}

// Foreign lists the credentials of the account that an eviction would end, with
// GPG and deploy keys or without. It changes nothing. DirectoryFailed, StorageFailed or Internal.
func (h CredentialHoldings) Foreign(ctx context.Context, a Account, keys bool) ([]Credential, error) {
	kinds := append([]CredentialKind{GiteaToken}, slices.Concat(evictionOrder(keys)...)...)
	if !keys {
		kinds = slices.DeleteFunc(kinds, CredentialKind.IsKey)
	}
	return h.of(ctx, a, kinds)
}

// of lists credentials of these kinds in Gitea that no session has, a first address
// that is not the account's among them, and storage access keys.
func (h CredentialHoldings) of(ctx context.Context, a Account, kinds []CredentialKind) ([]Credential, error) {
	found, err := h.Directory.Credentials(ctx, a.ID, kinds...)
	if err == nil {
		found, err = h.ofNoSession(ctx, a, found)
	}
	if err != nil {
		return nil, err
	}
	users, err := h.Users.UsersMarked(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	found = append(withoutOwn(a, found), foreignFirst(a, users)...)
	inStorage, err := h.Storage.AccessKeys(ctx, a.StorageKey)
	return append(found, inStorage...), err
}

// ofNoSession leaves out the credentials that a session of the account has, open
// or about to be: a token may be named after the session of another account. It
// looks at the sessions after the credentials were looked at, so that a session
// which opens in between is found.
func (h CredentialHoldings) ofNoSession(ctx context.Context, a Account, found []Credential) ([]Credential, error) {
	unclosed, err := h.Listings.UnclosedOf(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(c Credential) bool {
		return c.Kind == GiteaToken && isOfSession(unclosed, c.Name, c.End)
	}), nil
}

// isOfSession reports whether a Gitea token is that of one of the sessions, which
// are given as by Listings.UnclosedOf. Where an end is not known the name decides.
func isOfSession(unclosed map[string]string, name, end string) bool {
	id, ours := SessionOfToken(name)
	if !ours {
		return false
	}
	recorded, open := unclosed[id]
	return open && (recorded == "" || end == "" || recorded == end)
}

// evictFromStorage returns the access keys that it ended, also if it fails. It
// leaves the temporary credentials to sessions that are open or under way: the
// storage cannot tell whose the others are. No one but Accord knows the secret by
// which they are made.
func (s *Service) evictFromStorage(ctx context.Context, e eviction) (ended []Credential, fault error) {
	key := e.Account.StorageKey
	found, err := s.StorageCredentials.AccessKeys(ctx, key)
	if err != nil {
		return nil, err
	}
	ended, fault = s.endAccessKeys(ctx, key, found)
	revoked := false
	if e.ShutOut {
		err := s.StorageCredentials.RevokeAll(ctx, key)
		revoked, fault = err == nil, saga.Graver(fault, err)
	}
	if revoked || len(ended) > 0 {
		fault = notRefused(fault)
	}
	if len(ended) > 0 {
		fault = saga.Progressed(fault)
	}
	return ended, fault
}

// endAccessKeys ends keys of the storage. One that it refuses to end does not keep
// the others.
func (s *Service) endAccessKeys(ctx context.Context, key string, keys []Credential) (ended []Credential, fault error) {
	for _, c := range keys {
		err := s.StorageCredentials.EndAccessKey(ctx, key, c)
		if err == nil {
			ended = append(ended, c)
			continue
		}
		if fault = saga.Graver(fault, err); !saga.IsRefused(err) {
			break
		}
	}
	return ended, fault
}

// notRefused makes a refusal an error of the same kind and text that does not say
// that nothing was changed: it is of a part of a try, and another part took effect.
func notRefused(err error) error {
	if !saga.IsRefused(err) {
		return err
	}
	return &Error{Kind: KindOf(err), Op: "evict", Err: errors.New(err.Error())}
}
