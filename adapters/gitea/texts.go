package gitea

import "io"

// shortTexts reads JSON in which every text ends after maxText bytes. JSON stays
// JSON.
type shortTexts struct {
	from io.Reader
	// inside a text, of which so many bytes were read.
	inside bool
	n      int
	// escaped: the last byte was a backslash that begins an escape sequence. So many
	// of the digits of one are to come.
	escaped bool
	digits  int
	// cut: the rest of the text is left out.
	cut bool
}

func (s *shortTexts) Read(p []byte) (int, error) {
	for {
		n, err := s.from.Read(p)
		kept := 0
		for _, c := range p[:n] {
			if s.keeps(c) {
				p[kept] = c
				kept++
			}
		}
		if kept > 0 || n == 0 || err != nil {
			return kept, err
		}
	}
}

// keeps reports whether the next byte is kept. A text is not cut inside an escape
// sequence.
func (s *shortTexts) keeps(c byte) bool {
	if !s.inside {
		s.inside, s.n, s.cut = c == '"', 0, false
		return true
	}
	s.n++
	switch {
	case s.escaped:
		s.escaped = false
		if c == 'u' {
			s.digits = 4
		}
	case s.digits > 0:
		s.digits--
	case c == '"':
		s.inside = false
		return true
	default:
		s.escaped, s.cut = c == '\\', s.cut || s.n > maxText
	}
	return !s.cut
}
