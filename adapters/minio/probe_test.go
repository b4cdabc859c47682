package minio_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"accord/adapters/minio"
)

// oneFault wants exactly one fault, which says all of these.
func oneFault(t *testing.T, s *minio.Storage, says ...string) {
	t.Helper()
	faults := s.Probe(t.Context()).Faults
	require.Len(t, faults, 1, "%q", faults)
	for _, part := range says {
		require.Contains(t, faults[0], part)
	}
	require.NotContains(t, faults[0], adminPassword.Reveal())
}

func TestProbeOfAGoodServer(t *testing.T) {
	s, _ := ready(t)
	before, err := s.Users(t.Context())
	require.NoError(t, err)
	report := s.Probe(t.Context())
	require.Empty(t, report.Faults)
	require.NotEmpty(t, report.Version)
	require.Equal(t, "online", report.Mode)
	require.Less(t, report.Skew.Abs(), 5*time.Second)
	after, err := s.Users(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after, "it leaves nobody behind")
}

func TestProbeWithoutHome(t *testing.T) {
	o := options(t)
	s := open(t, o)
	faults := s.Probe(t.Context()).Faults
	require.Len(t, faults, 2, "%q", faults)
	require.Contains(t, faults[0], "policy "+o.PolicyName+" is missing")
	require.Contains(t, faults[1], "bucket "+o.Bucket+"-public does not exist")

	require.NoError(t, s.EnsureHome(t.Context()))
	require.NoError(t, asAdmin(t, o).RemoveBucketWithOptions(t.Context(), o.Bucket+"-public", miniogo.RemoveBucketOptions{}))
	oneFault(t, s, "bucket", "does not exist", "accord migrate")
}

// A public bucket that says more or less than ours is named, and mended.
func TestProbeOfThePublicBucket(t *testing.T) {
	s, o := ready(t)
	admin, bucket := asAdmin(t, o), o.Bucket+"-public"
	listing := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},` +
		`"Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::` + bucket + `"]}]}`
	for _, wrong := range []string{"", listing} {
		require.NoError(t, admin.SetBucketPolicy(t.Context(), bucket, wrong))
		oneFault(t, s, "policy of the bucket "+bucket, "accord migrate")
		require.NoError(t, s.EnsureHome(t.Context()))
		require.Empty(t, s.Probe(t.Context()).Faults)
	}
}

func TestProbeWithWrongLogin(t *testing.T) {
	o := options(t)
	o.AdminPassword = adminPassword
	oneFault(t, open(t, o), "does not accept the administrator", "check user and password")
	o.AdminUser = "nobody"
	oneFault(t, open(t, o), "does not accept the administrator nobody")
}

// A person's own key is a login that may do nothing administrative.
func TestProbeWithoutRights(t *testing.T) {
	s, o := ready(t)
	o.AdminUser, o.AdminPassword = newUser(t, s), secret
	faults := strings.Join(open(t, o).Probe(t.Context()).Faults, "\n")
	for _, right := range []string{
		"ServerInfo", "GetUser", "CreateUser", "EnableUser", "AttachUserOrGroupPolicy", "DeleteUser", "RemoveServiceAccount", "GetPolicy",
	} {
		require.Contains(t, faults, "lacks the right admin:"+right+":")
	}
}

func TestProbeClockSkew(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"ours ahead": time.Hour, "ours behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			_, o := ready(t)
			o.Now = func() time.Time { return time.Now().Add(ahead) }
			s := open(t, o)
			require.InDelta(t, -ahead.Seconds(), s.Probe(t.Context()).Skew.Seconds(), 5)
			oneFault(t, s, "clock differs", "NTP")
		})
	}
}

func TestProbeOfSomethingElse(t *testing.T) {
	s, _ := badServer(t, "info", status(200, "<html>Welcome</html>"))
	oneFault(t, s, "not MinIO's admin interface", "check the endpoint")
	s, _ = badServer(t, "info", status(404, "<html>not found</html>"))
	oneFault(t, s, "not MinIO's admin interface")
	s, _ = badServer(t, "info", status(503, `{"Code":"XMinioServerNotInitialized"}`))
	oneFault(t, s, "cannot tell about itself", "XMinioServerNotInitialized")
	s, _ = badServer(t, "info", status(403, `{"Code":"RequestTimeTooSkewed"}`))
	oneFault(t, s, "clock")

	closed := httptest.NewServer(nil)
	closed.Close()
	s = fakeEndpoint(t, closed.URL, time.Minute)
	oneFault(t, s, "does not answer at "+closed.URL, "check the endpoint")
	require.Error(t, s.Ping(t.Context()))
}

// What a fork of the server does otherwise is named: it takes any secret, knows
// no STS, and does not take credentials back.
func TestProbeOfAServerThatDiffers(t *testing.T) {
	for name, differs := range map[string]struct {
		call   string
		answer answering
		says   string
	}{
		"add-user": {"add-user", status(200, ""), "admin:CreateUser was tried"},
		"STS":      {"AssumeRole", status(400, `<ErrorResponse><Error><Code>InvalidAction</Code></Error></ErrorResponse>`), "lends no temporary credentials"},
		"revoke":   {"revoke-tokens/builtin", status(404, ""), "does not take temporary credentials back"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := badServer(t, differs.call, differs.answer)
			require.Contains(t, strings.Join(s.Probe(t.Context()).Faults, "\n"), differs.says)
		})
	}
}
