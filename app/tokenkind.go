package app

// TokenKind is what a token of ours is good for: for that, and nothing else.
type TokenKind string

// The kinds of tokens.
const (
	// AccessToken speaks for a session.
	AccessToken TokenKind = ""
	// RefreshToken gets access tokens for a session.
	RefreshToken TokenKind = "refresh"
	// ResetToken sets one password.
	ResetToken TokenKind = "reset"
)

// read checks a token and that it is of the kind that is asked for: any other is
// TokenInvalid.
func (s *Service) read(token Secret, kind TokenKind) (Claims, error) {
	if token == "" {
		return Claims{}, &Error{Kind: TokenMissing}
	}
	claims, err := s.Tokens.Verify(token)
	if err == nil && claims.Kind != kind {
		err = &Error{Kind: TokenInvalid}
	}
	if err != nil {
		return Claims{}, err
	}
	return claims, nil
}
