package main

import (
	"fmt"
	"time"

	"accord/api"
	"accord/api/oauth"
	"accord/app/verify"
	"accord/cmd/accord/internal/config"
)

// newIntrospection lets the configured services ask about tokens.
func (p *parts) newIntrospection(c config.Config) (api.Dialect, error) {
	clients, err := newClients(c)
	if err != nil {
		return api.Dialect{}, err
	}
	guard, err := newGuard(c)
	if err != nil {
		return api.Dialect{}, err
	}
	return oauth.New(oauth.Options{
		Service: p.service, Issuer: c.Issuer, Clients: clients,
		Admission: p.admission, Now: time.Now,
		Charges: func(address string) []verify.Charge {
			return guard.ClientCharges("introspect", address, guard.IntrospectionLimit())
		},
	}), nil
}

func newClients(c config.Config) (oauth.Clients, error) {
	clients, err := oauth.ParseClients(c.Introspection.Clients)
	if err != nil {
		return nil, fmt.Errorf("introspection.clients: %w", err)
	}
	return clients, nil
}
