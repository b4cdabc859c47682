package app

import "log/slog"

// Secret is text that must not be seen: a password, a token, a key. It prints
// and logs as "***"; encoding/json writes it in full, since sealed saga state
// needs it, so it must never be put into an answer by accident: DTOs convert.
type Secret string

const redacted = "***"

// String hides the secret.
func (Secret) String() string { return redacted }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return redacted }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Reveal gives the text itself.
func (s Secret) Reveal() string { return string(s) }
