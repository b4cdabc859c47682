package minio

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A policy that opens homes to one another is found by using it, and the users
// that it was tried on are gone afterwards, also those of a probe that was cut
// short.
func TestProbeFindsOpenHomes(t *testing.T) {
	s, _ := realStorage(t, "openhomes"), ""
	home := resource + s.options.Bucket
	allow := func(resource string, actions ...string) statement {
		return statement{Effect: "Allow", Action: actions, Resource: []string{resource}}
	}
	for says, statements := range map[string][]statement{
		"can see one another's homes": {allow(home+"-*", "s3:ListBucket")},
		"cannot list their own home":  {allow(home+"-${aws:username}/*", "s3:GetObject")},
		"":                            {allow(home+"-${aws:username}", "s3:ListBucket")},
	} {
		require.NoError(t, s.admin.putPolicy(t.Context(), s.options.PolicyName, policyOf(statements...)))
		for range 2 {
			var report Report
			s.probeHomes(t.Context(), &report)
			if says == "" {
				require.Empty(t, report.Faults)
				continue
			}
			require.Contains(t, strings.Join(report.Faults, "\n"), says)
		}
		users, err := s.Users(t.Context())
		require.NoError(t, err)
		for key := range users {
			require.NotContains(t, key, "accprobe")
		}
	}
}
