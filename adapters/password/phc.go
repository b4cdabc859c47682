package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"accord/app"
)

// Bounds of what a stored hash may ask for: a row that was tampered with must
// not be able to take all memory or time.
const (
	maxMemory  = 64 * 1024
	maxTime    = 16
	maxThreads = 16
	minSalt    = 8
	minHash    = 16
	maxField   = 64
)

// cost is the work of one hash; memory in KiB.
type cost struct {
	memory, time uint32
	threads      uint8
}

func (c cost) check() error {
	var faults []error
	if c.threads < 1 || c.threads > maxThreads {
		faults = append(faults, fmt.Errorf("password: %d threads is not within 1 and %d", c.threads, maxThreads))
	}
	if c.time < 1 || c.time > maxTime {
		faults = append(faults, fmt.Errorf("password: %d passes is not within 1 and %d", c.time, maxTime))
	}
	if c.memory < 8*uint32(c.threads) || c.memory > maxMemory {
		faults = append(faults, fmt.Errorf("password: %d KiB of memory is not within 8 for each thread and %d", c.memory, maxMemory))
	}
	return errors.Join(faults...)
}

// phc is a password hash as a PHC string holds it.
type phc struct {
	cost
	salt, hash []byte
}

func (p phc) encode() app.Secret {
	return app.Secret(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(p.hash)))
}

var errFormat = errors.New("password: stored hash is not a PHC string of Argon2id version 19")

// decode reads a PHC string. Its errors hold nothing of the hash but its costs.
func decode(s app.Secret) (phc, error) {
	var (
		p       phc
		version int
		err     error
	)
	fields := strings.Split(s.Reveal(), "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" {
		return phc{}, errFormat
	}
	if _, err = fmt.Sscanf(fields[2], "v=%d", &version); err != nil || version != argon2.Version {
		return phc{}, errFormat
	}
	if _, err = fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return phc{}, errFormat
	}
	if p.salt, err = decodeField(fields[4], minSalt); err != nil {
		return phc{}, err
	}
	if p.hash, err = decodeField(fields[5], minHash); err != nil {
		return phc{}, err
	}
	if p.encode() != s { // the scanner overlooks signs, zeros and what follows
		return phc{}, errFormat
	}
	return p, p.check()
}

func decodeField(s string, least int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < least || len(b) > maxField {
		return nil, errFormat
	}
	return b, nil
}
