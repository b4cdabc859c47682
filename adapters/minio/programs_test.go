package minio_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The commands of docs/storage.md.
func TestProgramsForTheStorage(t *testing.T) {
	s, _ := ready(t)
	g := newGrant(t, s, newUser(t, s), "session1")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("hello"), 0o600))
	host, home := strings.TrimPrefix(g.Endpoint, "http://"), g.Bucket+"/"+g.Prefix
	aws := []string{"aws", "--endpoint-url", g.Endpoint, "s3"}
	s3cmd := []string{
		"s3cmd", "--config=/dev/null", "--no-ssl", "--host=" + host, "--host-bucket=" + host, "--region=" + g.Region,
		"--access_token=" + g.SessionToken.Reveal(),
	}
	for _, try := range []struct {
		command []string
		says    string
	}{
		{append(aws[:4:4], "sync", dir, "s3://"+home+"aws/"), "aws/a.txt"},
		{append(aws[:4:4], "ls", "s3://"+home+"aws/"), "a.txt"},
		{append(aws[:4:4], "ls"), g.Bucket},
		{[]string{"rclone", "copy", dir, "home:" + home + "rclone"}, ""},
		{[]string{"rclone", "ls", "home:" + home + "rclone"}, "a.txt"},
		{[]string{"rclone", "cleanup", "home:" + g.Bucket}, ""},
		{append(s3cmd[:7:7], "put", filepath.Join(dir, "a.txt"), "s3://"+home+"s3cmd.txt"), "s3cmd.txt"},
		{append(s3cmd[:7:7], "info", "s3://"+home+"s3cmd.txt"), "ACL:"},
		{append(s3cmd[:7:7], "multipart", "s3://"+g.Bucket), "Initiated"},
		{append(s3cmd[:7:7], "del", "s3://"+home+"s3cmd.txt"), "delete"},
	} {
		_, err := exec.LookPath(try.command[0])
		require.NoError(t, err, "apt-get install awscli rclone s3cmd")
		command := exec.CommandContext(t.Context(), try.command[0], try.command[1:]...)
		command.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "RCLONE_CONFIG=" + filepath.Join(dir, "rclone.conf"),
			"AWS_ACCESS_KEY_ID=" + g.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + g.SecretAccessKey.Reveal(),
			"AWS_SESSION_TOKEN=" + g.SessionToken.Reveal(), "AWS_DEFAULT_REGION=" + g.Region,
			"RCLONE_CONFIG_HOME_TYPE=s3", "RCLONE_CONFIG_HOME_PROVIDER=Minio",
			"RCLONE_CONFIG_HOME_ENDPOINT=" + g.Endpoint, "RCLONE_CONFIG_HOME_ENV_AUTH=true",
		}
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", try.command[0], out)
		require.Contains(t, string(out), try.says, try.command[0])
	}
}
