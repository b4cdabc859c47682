package gitea

import (
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
