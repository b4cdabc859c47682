package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"accord/app"
	"accord/app/reconcile"
	"accord/cmd/accord/internal/config"
)

// planVersion is that of the JSON of a plan; docs/sync.md describes it. It rises
// when a program that reads the one before would go wrong.
const planVersion = 1

// maxPlanFile bounds a saved plan, in bytes.
const maxPlanFile = 256 << 20

// planDocument is a plan for machines, and as it is saved.
type planDocument struct {
	Version      int                                         `json:"version"`
	At           time.Time                                   `json:"at"`
	Sites        planSites                                   `json:"sites"`
	InAccord     bool                                        `json:"inAccord"`
	Systems      []reconcile.System                          `json:"systems"`
	Accounts     int                                         `json:"accounts"`
	Read         map[reconcile.System]int                    `json:"read"`
	Counts       map[reconcile.System]map[reconcile.Kind]int `json:"counts"`
	Removals     int                                         `json:"removals"`
	Items        []planItem                                  `json:"items"`
	Kept         []planItem                                  `json:"kept"`
	Unsettled    []planItem                                  `json:"unsettled"`
	Pending      []planSaga                                  `json:"pending"`
	PendingTotal int                                         `json:"pendingTotal"`
	Foreign      map[reconcile.System]int                    `json:"foreign"`
	ForeignNames []planForeign                               `json:"foreignNames"`
	// Checksum is SHA-256, in hex, over the document with an empty one.
	Checksum string `json:"checksum"`
}

type planItem struct {
	System    reconcile.System `json:"system"`
	Kinds     []reconcile.Kind `json:"kinds"`
	Username  string           `json:"username"`
	AccountID string           `json:"accountId"`
	Fields    []planField      `json:"fields,omitempty"`
	Tokens    []string         `json:"tokens,omitempty"`
	Removes   bool             `json:"removes"`
	Protected bool             `json:"protected"`
	// What the item rests on; absent where there is none.
	Account     *planAccount     `json:"account,omitempty"`
	GiteaUser   *planGiteaUser   `json:"giteaUser,omitempty"`
	StorageUser *planStorageUser `json:"storageUser,omitempty"`
}

type planField struct {
	Name string `json:"name"`
	Have string `json:"have"`
	Want string `json:"want"`
}

type planProfile struct {
	FullName    string `json:"fullName"`
	Description string `json:"description"`
	Website     string `json:"website"`
	Location    string `json:"location"`
}

type planAccount struct {
	AccountID string      `json:"accountId"`
	Username  string      `json:"username"`
	Email     string      `json:"email"`
	Profile   planProfile `json:"profile"`
	Status    app.Status  `json:"status"`
	GiteaID   int64       `json:"giteaId"`
}

type planGiteaUser struct {
	ID         int64       `json:"id"`
	Username   string      `json:"username"`
	Email      string      `json:"email"`
	Mark       string      `json:"mark"`
	Adopted    bool        `json:"adopted"`
	Profile    planProfile `json:"profile"`
	Active     bool        `json:"active"`
	Admin      bool        `json:"admin"`
	Restricted bool        `json:"restricted"`
	External   bool        `json:"external"`
}

type planStorageUser struct {
	Key     string `json:"key"`
	Enabled bool   `json:"enabled"`
	Home    bool   `json:"home"`
	// Policies are those beside that of homes, Groups those that the user is in.
	Policies string `json:"policies,omitempty"`
	Groups   string `json:"groups,omitempty"`
}

type planSaga struct {
	ID        string `json:"id"`
	Flow      string `json:"flow"`
	Phase     string `json:"phase"`
	AccountID string `json:"accountId"`
	Username  string `json:"username"`
	Stuck     bool   `json:"stuck"`
}

type planForeign struct {
	System reconcile.System `json:"system"`
	Name   string           `json:"name"`
}

func documentOf(p reconcile.Plan, s planSites) (planDocument, error) {
	d := planDocument{
		Version: planVersion, At: p.At.UTC(), Sites: s, InAccord: p.InAccord(), Systems: p.Systems, Accounts: p.Accounts,
		Read: p.Read, Counts: p.Counts(), Removals: p.Removals(), Items: itemsOf(p.Items), Kept: itemsOf(p.Kept),
		Unsettled: itemsOf(p.Unsettled), Pending: []planSaga{}, PendingTotal: p.PendingTotal, Foreign: p.Foreign,
		ForeignNames: []planForeign{},
	}
	for _, s := range p.Pending {
		d.Pending = append(d.Pending, planSaga(s))
	}
	for _, f := range p.ForeignNames {
		d.ForeignNames = append(d.ForeignNames, planForeign(f))
	}
	var err error
	d.Checksum, err = d.sum()
	return d, err
}

func (d planDocument) sum() (string, error) {
	d.Checksum = ""
	text, err := json.Marshal(d)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

func itemsOf(items []reconcile.Item) []planItem {
	all := make([]planItem, len(items))
	for n, i := range items {
		item := planItem{
			System: i.System, Kinds: i.Kinds, Username: i.Username, AccountID: i.AccountID, Tokens: i.Tokens,
			Removes: i.Removes, Protected: i.Protected,
		}
		for _, f := range i.Fields {
			item.Fields = append(item.Fields, planField(f))
		}
		if f := i.Facts; f != (app.Facts{}) {
			item.Account = &planAccount{f.AccountID, f.Username, f.Email, planProfile(f.Profile), f.Status, f.GiteaID}
		}
		if u := i.User; u != (app.DirectoryView{}) {
			item.GiteaUser = &planGiteaUser{
				u.ID, u.Username, u.Email, u.Mark, u.Adopted, planProfile(u.Profile), u.Active, u.Admin, u.Restricted, u.External,
			}
		}
		if u := i.Storage; u != (app.StorageView{}) {
			item.StorageUser = &planStorageUser{u.Key, u.Enabled, u.Home, u.Policies, u.Groups}
		}
		all[n] = item
	}
	return all
}

// item is the planned repair again.
func (i planItem) item() reconcile.Item {
	item := reconcile.Item{
		System: i.System, Kinds: i.Kinds, Username: i.Username, AccountID: i.AccountID, Tokens: i.Tokens,
		Removes: i.Removes, Protected: i.Protected,
	}
	for _, f := range i.Fields {
		item.Fields = append(item.Fields, reconcile.Field(f))
	}
	if a := i.Account; a != nil {
		item.Facts = app.Facts{
			AccountID: a.AccountID, Username: a.Username, Email: a.Email, Profile: app.DirectoryProfile(a.Profile),
			Status: a.Status, GiteaID: a.GiteaID,
		}
	}
	if u := i.GiteaUser; u != nil {
		item.User = app.DirectoryView{
			ID: u.ID, Username: u.Username, Email: u.Email, Mark: u.Mark, Adopted: u.Adopted, Profile: app.DirectoryProfile(u.Profile),
			Active: u.Active, Admin: u.Admin, Restricted: u.Restricted, External: u.External,
		}
	}
	if u := i.StorageUser; u != nil {
		item.Storage = app.StorageView(*u)
	}
	return item
}

func printPlanJSON(w io.Writer, p reconcile.Plan, s planSites) error {
	d, err := documentOf(p, s)
	if err != nil {
		return err
	}
	return printIndented(w, d)
}

// save writes the plan where --out says, for its owner alone: it names people. A
// file that is there is replaced; nothing else is.
func (s *syncRun) save(p reconcile.Plan) error {
	if s.flags.out == "" {
		return nil
	}
	var text bytes.Buffer
	if err := printPlanJSON(&text, p, s.sites); err != nil {
		return err
	}
	info, err := os.Lstat(s.flags.out)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("--out %s: there is something else than a file; --output json prints the plan", s.flags.out)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	return config.WriteFile(s.flags.out, text.Bytes())
}

var errNoPlan = errors.New("this is no plan of `accord sync`, or it was changed since it was saved: make a new one")

// loadPlan reads a saved plan, which must be whole and of these sites.
func loadPlan(path string, now planSites) (reconcile.Plan, error) {
	var p reconcile.Plan
	file, err := os.Open(path)
	if err != nil {
		return p, err
	}
	defer func() { _ = file.Close() }()
	var d planDocument
	decoder := json.NewDecoder(io.LimitReader(file, maxPlanFile))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&d) != nil {
		return p, fmt.Errorf("%s: %w", path, errNoPlan)
	}
	sum, err := d.sum()
	switch {
	case err != nil:
		return p, err
	case d.Version != planVersion:
		return p, fmt.Errorf("%s is a plan of version %d, this is version %d: make a new one", path, d.Version, planVersion)
	case subtle.ConstantTimeCompare([]byte(sum), []byte(d.Checksum)) != 1:
		return p, fmt.Errorf("%s: %w", path, errNoPlan)
	case d.Sites != now:
		return p, fmt.Errorf("%s was made for other servers (Gitea %s, storage %s, bucket %s) than the configuration names",
			path, d.Sites.Gitea, d.Sites.Storage, d.Sites.Bucket)
	}
	p = reconcile.Plan{At: d.At, Systems: d.Systems, Accounts: d.Accounts, Read: d.Read, Foreign: d.Foreign}
	for _, i := range d.Items {
		p.Items = append(p.Items, i.item())
	}
	for _, i := range d.Kept {
		p.Kept = append(p.Kept, i.item())
	}
	return p, nil
}
