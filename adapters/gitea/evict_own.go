package gitea

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
)

// decodeArray reads a page of a listing that is an array.
func decodeArray(a answer) (listed []listedCredential, err error) {
	err = a.decode(&listed)
	return listed, err
}

// decodeRunners reads a page of runners, which Gitea lists inside an object.
func decodeRunners(a answer) ([]listedCredential, error) {
	var page struct {
		Runners *[]listedCredential `json:"runners"`
	}
	if err := a.decode(&page); err != nil {
		return nil, err
	}
	if page.Runners == nil {
		return nil, a.request.failed(true, errUnreadable)
	}
	return *page.Runners, nil
}

// decodeBeginning reads the number of the entry that an answer begins with, which
// Gitea gives first.
func decodeBeginning(a answer) ([]listedCredential, error) {
	tokens := json.NewDecoder(bytes.NewReader(a.body))
	for {
		token, err := tokens.Token()
		if err != nil {
			return nil, a.request.failed(true, errUnreadable)
		}
		if token == "id" {
			break
		}
	}
	var id int64
	if err := tokens.Decode(&id); err != nil {
		return nil, a.request.failed(true, errUnreadable)
	}
	return []listedCredential{{ID: id}}, nil
}

// webhooksOff reports whether Gitea is set to have no webhooks. Those of before
// receive nothing, and Gitea neither lists nor deletes them.
func (a answer) webhooksOff() bool {
	return a.status == http.StatusForbidden && a.native && a.message == "webhooks disabled by administrator"
}

// originOf is the scheme and the host of a webhook's URL: the rest may hold
// secrets.
func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
