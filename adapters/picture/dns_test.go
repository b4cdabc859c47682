package picture

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// names is a name server inside this process. Each name has a list of answers,
// one for each time that it is asked for; the last one goes on for ever.
type names struct {
	t *testing.T

	mu      sync.Mutex
	answers map[string][][]netip.Addr
	asked   map[string]int
}

func newNames(t *testing.T) *names {
	t.Helper()
	return &names{t: t, answers: map[string][][]netip.Addr{}, asked: map[string]int{}}
}

// set gives a name one answer for each further argument: addresses with blanks.
func (n *names) set(name string, answers ...[]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answers[name] = nil
	for _, answer := range answers {
		var all []netip.Addr
		for _, text := range answer {
			all = append(all, netip.MustParseAddr(text))
		}
		n.answers[name] = append(n.answers[name], all)
	}
}

// times is how often a name was asked for.
func (n *names) times(name string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[name]
}

// resolver asks this server alone.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go n.serve(server)
		return client, nil
	}}
}

// serve speaks DNS as over TCP: each message after its length.
func (n *names) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		reply, err := n.reply(query)
		if err != nil {
			n.t.Error(err)
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

func (n *names) reply(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil || len(m.Questions) != 1 {
		return nil, errors.New("no proper question")
	}
	q := m.Questions[0]
	addresses, known := n.answer(q)
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true, RecursionDesired: true}
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	m.Additionals = nil
	for _, a := range addresses {
		header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 0}
		switch {
		case q.Type == dnsmessage.TypeA && a.Is4():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: a.As4()}})
		case q.Type == dnsmessage.TypeAAAA && a.Is6():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	return m.Pack()
}

// answer counts the questions for IPv4 addresses; every name is asked for both
// kinds at once.
func (n *names) answer(q dnsmessage.Question) ([]netip.Addr, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	answers, known := n.answers[name]
	if !known {
		return nil, false
	}
	turn := n.asked[name]
	if q.Type == dnsmessage.TypeA {
		n.asked[name]++
	}
	return answers[min(turn, len(answers)-1)], true
}
