package app

import "accord/saga"

// The states of the flows, for the tests that fail every step of them.
type (
	RegistrationState = registration
	SigningInState    = signingIn
	SigningOutState   = signingOut
)

func (s *Service) RegisterFlow() saga.Definition[registration] { return s.registerFlow() }
func (s *Service) SignInFlow() saga.Definition[signingIn]      { return s.signInFlow() }
func (s *Service) SignOutFlow() saga.Definition[signingOut]    { return s.signOutFlow() }
