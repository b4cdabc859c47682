package memory_test

import (
	"fmt"
	"testing"

	"accord/adapters/adaptertest"
	"accord/adapters/memory"
	"accord/app"
)

func TestDirectory(t *testing.T) {
	d := memory.NewDirectory()
	adaptertest.Directory(t, func(*testing.T) adaptertest.DirectoryFixture { return fixtureOf(d) })
	adaptertest.DirectoryRepairs(t, func(*testing.T) adaptertest.DirectoryFixture { return fixtureOf(d) })
	adaptertest.DirectoryRepositories(t, func(*testing.T) (adaptertest.DirectoryFixture, app.DirectoryRepositories) {
		return fixtureOf(d), d
	})
}

func TestDirectoryAdoption(t *testing.T) {
	d := memory.NewDirectory()
	change := func(how func(*memory.Entry)) func(*testing.T, string) {
		return func(_ *testing.T, username string) { d.Change(username, how) }
	}
	adaptertest.DirectoryAdoption(t, func(*testing.T) adaptertest.AdoptionFixture {
		f := fixtureOf(d)
		return adaptertest.AdoptionFixture{
			DirectoryFixture: f, PlacedPassword: "foreign-password", DescribeButLogin: f.Describe,
			Restrict:     change(func(e *memory.Entry) { e.Restricted = true }),
			Deactivate:   change(func(e *memory.Entry) { e.Inactive = true }),
			Promote:      change(func(e *memory.Entry) { e.Admin = true }),
			SecondFactor: change(func(e *memory.Entry) { e.SecondFactor = true }),
			Login: func(_ *testing.T, username, loginName string) {
				d.Change(username, func(e *memory.Entry) { e.OtherLogin = username != loginName })
			},
		}
	})
}

func TestDirectoryDoor(t *testing.T) {
	d := memory.NewDirectory()
	adaptertest.DirectoryDoor(t, func(*testing.T) (adaptertest.DirectoryFixture, app.DirectoryDoor) { return fixtureOf(d), d })
}

func TestDirectoryCredentials(t *testing.T) {
	d := memory.NewDirectory()
	add := func(kind app.CredentialKind) func(*testing.T, string, string) {
		return func(_ *testing.T, username, name string) { d.AddCredential(username, kind, name) }
	}
	adaptertest.DirectoryCredentials(t, func(*testing.T) adaptertest.CredentialsFixture {
		return adaptertest.CredentialsFixture{
			DirectoryFixture: fixtureOf(d), Credentials: d,
			AddApplication: add(app.OAuth2Application), AddSSHKey: add(app.SSHKey),
			AddGPGKey: func(_ *testing.T, username string) {
				d.AddEmails(username, "dtgpg@example.com")
				d.AddCredential(username, app.GPGKey, "A9C7CF00E3D0B2F9")
			},
			AddDeployKey: func(_ *testing.T, username, repository, title string) {
				d.AddCredential(username, app.DeployKey, title+" ("+repository+")")
			},
			AddWebhook: add(app.Webhook), AddRunner: add(app.ActionsRunner),
		}
	})
}

func fixtureOf(d *memory.Directory) adaptertest.DirectoryFixture {
	find := func(name string) (memory.Entry, bool) {
		for _, e := range d.Entries() {
			if app.FoldKey(e.Username) == app.FoldKey(name) {
				return e, true
			}
		}
		return memory.Entry{}, false
	}
	return adaptertest.DirectoryFixture{
		Directory: d, Organizations: d, Team: func(*testing.T, string, string) {},
		PlaceUser: func(_ *testing.T, username string, emails ...string) {
			d.Place(memory.Entry{Username: username, Emails: emails}, "foreign-password")
		},
		PlaceOrganization: func(_ *testing.T, name string) {
			d.Place(memory.Entry{Username: name, Organization: true}, "")
		},
		AddEmails:      func(_ *testing.T, username string, emails ...string) { d.AddEmails(username, emails...) },
		GiveRepository: func(_ *testing.T, username, name string) { d.GiveRepository(username, name) },
		GivePackage:    func(_ *testing.T, username, name string) { d.GivePackage(username, "generic/"+name) },
		Found: func(_ *testing.T, organization, username string) {
			d.Place(memory.Entry{Username: organization, Organization: true}, "")
			d.Join(organization, username, true)
		},
		Join: func(_ *testing.T, organization, username string, owner bool) {
			d.Join(organization, username, owner)
		},
		Rename: func(_ *testing.T, from, to string) { d.Rename(from, to) },
		Describe: func(_ *testing.T, name string) string {
			if e, ok := find(name); ok {
				return fmt.Sprintf("%+v", e)
			}
			return ""
		},
		MarkOf: func(_ *testing.T, username string) string {
			e, _ := find(username)
			return e.Mark
		},
		SignsIn:    func(_ *testing.T, username string, password app.Secret) bool { return d.SignsIn(username, password) },
		TokenOwner: func(_ *testing.T, token app.Secret) string { return d.TokenOwner(token) },
		Outdate:    func(_ *testing.T, username string) { d.Change(username, func(e *memory.Entry) { e.MustChange = true }) },
		Avatar:     func(_ *testing.T, username string) []byte { return d.Avatar(username) },
	}
}
