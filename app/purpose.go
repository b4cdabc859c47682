package app

// Purpose is what a verification code was asked for. A code serves its own
// purpose only; one without a purpose serves all.
type Purpose string

// The purposes. Their values are stored with the codes and never change.
const (
	// AnyPurpose is that of an endpoint whose document uses one code for several
	// things, and of codes stored by releases that knew no purposes.
	AnyPurpose Purpose = ""
	// ForRegistration proves the address or number of a newcomer.
	ForRegistration Purpose = "register"
	// ForSignIn signs in without a password.
	ForSignIn Purpose = "sign-in"
	// ForReset sets a new password without the old one.
	ForReset Purpose = "reset-password"
	// ForEmailChange proves another address of a signed-in user.
	ForEmailChange Purpose = "change-email"
	// ForMobileChange proves another number of a signed-in user.
	ForMobileChange Purpose = "change-mobile"
)
