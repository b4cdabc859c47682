package gitea_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
)

// A setting that lacks one of its features is not as recommended.
func TestProbeOfOneMissingFeature(t *testing.T) {
	for features, missing := range map[string]string{
		"manage_ssh_keys,deletion,manage_credentials,change_username": "manage_gpg_keys",
		"manage_gpg_keys,deletion,manage_credentials,change_username": "manage_ssh_keys",
	} {
		t.Run(missing, func(t *testing.T) {
			s, _ := settled(t, filepath.Join(t.TempDir(), "gitea"), map[string]string{"admin.USER_DISABLED_FEATURES": features})
			found, _ := advised(t, s, "")
			require.Contains(t, found, "[admin] USER_DISABLED_FEATURES")
		})
	}
}

// Pages of front-ends can use the token, and pages of others cannot.
func TestProbeOfOrigins(t *testing.T) {
	for _, c := range []struct {
		name, enabled, allowed string
		origins                []string
		advice, notTried       string
	}{
		{"off", "false", "*", []string{"https://app.example.com"}, "https://app.example.com", ""},
		{"off, and no pages", "false", "*", nil, "", "http.allowedOrigins"},
		{"every origin", "true", "*", []string{"https://app.example.com"}, "every origin", ""},
		{"every origin, and no pages", "true", "*", nil, "every origin", ""},
		{"every origin here and there", "true", "*", []string{"*"}, "", ""},
		{"one of two", "true", "https://app.example.com", []string{"https://app.example.com", "https://b.example.com"}, "pages of https://b.example.com", ""},
		{"one", "true", "https://app.example.com", []string{"https://app.example.com"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, stop := settled(t, filepath.Join(t.TempDir(), "gitea"), map[string]string{"cors.ENABLED": c.enabled, "cors.ALLOW_DOMAIN": c.allowed})
			defer stop()
			got := named(t, probed(t, s.options(), c.origins), "[cors] ENABLED")
			if c.advice == "" {
				require.Empty(t, got.Advice)
			}
			require.Contains(t, got.Advice, c.advice)
			require.Equal(t, c.notTried == "", got.NotTried == "")
			require.Contains(t, got.NotTried, c.notTried)
		})
	}
}

func probed(t *testing.T, o gitea.Options, origins []string) []gitea.Setting {
	t.Helper()
	found, err := newDirectory(t, o).ProbeSettings(t.Context(), origins)
	require.NoError(t, err)
	return found
}

func named(t *testing.T, settings []gitea.Setting, name string) gitea.Setting {
	t.Helper()
	for _, s := range settings {
		if s.Name == name {
			return s
		}
	}
	require.Fail(t, "no setting "+name)
	return gitea.Setting{}
}

// A trial whose answer shows nothing leaves its setting in the result, with the
// reason; the names are those of the table in docs/gitea.md.
func TestProbeNamesEverySetting(t *testing.T) {
	text, err := os.ReadFile("../../docs/gitea.md")
	require.NoError(t, err)
	var documented []string
	for _, match := range regexp.MustCompile("(?m)^\\| `(\\[[a-z0-9]+\\] [A-Z0-9_]+) = ").FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, match[1])
	}
	strange := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(strange.Close)
	var names, untried []string
	for _, s := range probed(t, shared(t).options(), nil) {
		names = append(names, s.Name)
	}
	require.ElementsMatch(t, documented, names)
	o := shared(t).options()
	o.URL = strange.URL
	for _, s := range probed(t, o, nil) {
		require.NotEmpty(t, s.NotTried, s.Name)
		require.Empty(t, s.Advice, s.Name)
		untried = append(untried, s.Name)
	}
	require.Equal(t, names, untried)
}

// The API shows addresses for SSH also where Gitea serves none, as the tests' does:
// DISABLE_SSH cannot be tried.
func TestDisabledSSHIsNotShown(t *testing.T) {
	m := newMember(t, "26020200000010", "withoutssh")
	require.Contains(t, m.must(t, http.StatusCreated, http.MethodPost, "/admin/users/withoutssh/repos", fields{"name": "work"}), `"ssh_url":"`)
}
