package app

import (
	"context"
	"errors"

	"accord/saga"
)

var errKeptOut = errors.New("the user is kept out in Gitea: `accord sync` shows it")

// makeGiteaToken makes the session's access token and tries it: a sign-in that
// fails is better than a token that Gitea refuses. The error is a refusal if no
// token is left.
func (s *Service) makeGiteaToken(ctx context.Context, in *signingIn) error {
	token, err := s.Directory.CreateToken(ctx, in.ref(), in.Session.GiteaTokenName())
	if err != nil {
		return err
	}
	letIn, err := s.DirectoryDoor.LetsIn(ctx, token)
	if err == nil && letIn {
		in.GiteaToken = token
		return nil
	}
	refusal := s.notLetIn(ctx, in.Session, err)
	if err := s.Directory.DeleteToken(ctx, in.ref(), in.Session.GiteaTokenName()); err != nil {
		return refusal
	}
	return saga.Refused(refusal)
}

// notLetIn returns the error of a sign-in whose Gitea token was refused: the fault
// of trying it, if there was one; BadCredentials if the account was suspended or
// changed its credentials since; DirectoryFailed if Gitea alone keeps the user out.
func (s *Service) notLetIn(ctx context.Context, session Session, fault error) *Error {
	const op = "try the Gitea token"
	if fault != nil {
		return &Error{Kind: DirectoryFailed, Op: op, Err: errors.New(fault.Error())}
	}
	present, err := s.Accounts.ByID(ctx, session.AccountID)
	switch {
	case err != nil && KindOf(err) != NotFound:
		return &Error{Kind: KindOf(err), Op: op, Err: errors.New(err.Error())}
	case err != nil, !present.MaySignIn(), present.CredentialEpoch != session.CredentialEpoch:
		return &Error{Kind: BadCredentials, Op: op}
	}
	return &Error{Kind: DirectoryFailed, Op: op, Err: errKeptOut}
}
