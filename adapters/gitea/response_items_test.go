package gitea_test

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
)

// Gitea gives at most MAX_RESPONSE_ITEMS entries of a listing at once, whatever
// it is asked for.
func TestEveryListingIsReadToTheEnd(t *testing.T) {
	const each = 12
	s, _ := settled(t, filepath.Join(t.TempDir(), "gitea"), map[string]string{
		"api.MAX_RESPONSE_ITEMS": "5", "actions.ENABLED": "true",
	})
	d := newDirectory(t, s.options())
	ctx := t.Context()
	ref := app.DirectoryRef{AccountID: "26010100000001", Username: "amy"}
	_, err := d.CreateUser(ctx, app.DirectoryUser{
		AccountID: ref.AccountID, Username: "amy", Email: "amy@example.com", Password: foreignPassword,
	})
	require.NoError(t, err)
	s.fill(t, d, ref, each)

	t.Run("users", func(t *testing.T) {
		require.Equal(t, each+2, length(t, d.EachUser(ctx, atOnce))) // the administrator too
		require.Equal(t, each+2, length(t, d.EachCandidate(ctx, atOnce)))
	})
	t.Run("organizations", func(t *testing.T) {
		require.Equal(t, each, length(t, d.EachOrganization(ctx, atOnce)))
	})
	t.Run("addresses", func(t *testing.T) {
		require.Equal(t, 2*each, length(t, d.EachSecondAddress(ctx, atOnce)))
		held, err := d.SecondAddresses(ctx, ref.AccountID)
		require.NoError(t, err)
		require.Len(t, held, each)
	})
	t.Run("tokens", func(t *testing.T) { tokensAreListed(t, d, ref, each) })
	for _, kind := range []app.CredentialKind{
		app.GiteaToken, app.OAuth2Application, app.SecondAddress, app.SSHKey, app.DeployKey, app.Webhook, app.ActionsRunner,
	} {
		t.Run(string(kind)+"s", func(t *testing.T) {
			found, err := d.Credentials(ctx, ref.AccountID, kind)
			require.NoError(t, err)
			require.Len(t, found, each)
		})
	}
	t.Run("belongings", func(t *testing.T) {
		b, err := d.Belongings(ctx, ref)
		require.NoError(t, err)
		require.Len(t, b.Repositories, each)
		require.Len(t, b.Packages, each)
		require.Len(t, b.Organizations, each)
	})
	t.Run("teams and owners", func(t *testing.T) {
		shared, err := d.SharedOrganizations(ctx, ref)
		require.NoError(t, err)
		require.Len(t, shared, each)
		for _, o := range shared {
			if o.Name == "org0" {
				require.Len(t, o.Owners, each)
			}
		}
	})
	t.Run("the holder of an address", func(t *testing.T) {
		_, err := d.CreateUser(ctx, app.DirectoryUser{
			AccountID: "26010100000003", Username: "new", Email: "z.bob@example.com", Password: foreignPassword,
		})
		var taken *app.Taken
		require.ErrorAs(t, err, &taken)
		require.Equal(t, "user0", taken.Username)
	})
}

func atOnce(context.Context) error { return nil }

func length[T any](t *testing.T, all iter.Seq2[T, error]) (n int) {
	t.Helper()
	for _, err := range all {
		require.NoError(t, err)
		n++
	}
	return n
}

func tokensAreListed(t *testing.T, d *gitea.Directory, ref app.DirectoryRef, want int) {
	t.Helper()
	names, err := d.SessionTokens(t.Context(), ref.Username)
	require.NoError(t, err)
	require.Len(t, names, want)
	tokens, err := d.Tokens(t.Context(), ref, "accord-")
	require.NoError(t, err)
	require.Len(t, tokens, want)
	some, err := d.SomeTokens(t.Context(), ref.AccountID, want-1)
	require.NoError(t, err)
	require.Len(t, some, want-1)
}

// fill gives the user so many of each thing that Gitea lists, and makes as many
// other users, each with an address like z.bob@example.com, which is the last of
// user0's.
func (s server) fill(t *testing.T, d *gitea.Directory, ref app.DirectoryRef, each int) {
	t.Helper()
	f := s.credentialsFixture(d)
	name := ref.Username
	for i := range each {
		user, organization, repository := fmt.Sprint("user", i), fmt.Sprint("org", i), fmt.Sprint("repository", i)
		like := strings.Repeat("a", each-i) + "z.bob@example.com"
		if i == 0 {
			like = "z.bob@example.com"
		}
		s.placeUser(t, user, user+"@example.com", like)
		s.addEmails(t, name, fmt.Sprintf("amy%d@example.com", i))
		f.Found(t, organization, name)
		f.GiveRepository(t, name, repository)
		f.GivePackage(t, name, fmt.Sprint("package", i))
		f.AddApplication(t, name, fmt.Sprint("application", i))
		f.AddSSHKey(t, name, fmt.Sprint("key", i))
		f.AddDeployKey(t, name, "repository0", fmt.Sprint("deploy", i))
		f.AddWebhook(t, name, fmt.Sprintf("http://127.0.0.1:%d", 9000+i))
		f.AddRunner(t, name, fmt.Sprint("runner", i))
		s.join(t, organization, user, false)
		s.join(t, "org0", user, true)
		_, err := d.CreateToken(t.Context(), ref, fmt.Sprintf("accord-%026d", i))
		require.NoError(t, err)
	}
	for i := range each {
		s.makeTeam(t, "org0", fmt.Sprint("a-team", i)) // before "Owners" in the list
	}
}
