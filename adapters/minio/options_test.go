package minio_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/minio"
)

func goodOptions() minio.Options {
	return minio.Options{
		Endpoint: "http://127.0.0.1:9000", Bucket: "homes", AdminUser: "admin", AdminPassword: adminPassword,
	}
}

func TestOptions(t *testing.T) {
	s, err := minio.New(goodOptions())
	require.NoError(t, err)
	s.Close()
	for name, spoil := range map[string]func(*minio.Options){
		"no endpoint":       func(o *minio.Options) { o.Endpoint = "" },
		"no scheme":         func(o *minio.Options) { o.Endpoint = "127.0.0.1:9000" },
		"another scheme":    func(o *minio.Options) { o.Endpoint = "ftp://127.0.0.1" },
		"a path":            func(o *minio.Options) { o.Endpoint = "http://127.0.0.1/minio" },
		"a login in it":     func(o *minio.Options) { o.Endpoint = "http://u:" + adminPassword.Reveal() + "@h" },
		"broken with login": func(o *minio.Options) { o.Endpoint = "http://u:" + adminPassword.Reveal() + "@h:%" },
		"public endpoint":   func(o *minio.Options) { o.PublicEndpoint = "storage" },
		"no bucket":         func(o *minio.Options) { o.Bucket = "" },
		"bad bucket":        func(o *minio.Options) { o.Bucket = "Homes_" },
		"long bucket":       func(o *minio.Options) { o.Bucket = strings.Repeat("a", 46) }, // with "-" and an access key, 64
		"no admin":          func(o *minio.Options) { o.AdminUser = "" },
		"no password":       func(o *minio.Options) { o.AdminPassword = "" },
		"negative time":     func(o *minio.Options) { o.Timeout = -time.Second },
	} {
		o := goodOptions()
		spoil(&o)
		_, err := minio.New(o)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), adminPassword.Reveal(), name)
	}
	_, err = minio.New(minio.Options{Endpoint: "x"})
	for _, fault := range []string{"endpoint", "Bucket", "administrator"} {
		require.ErrorContains(t, err, fault, "every fault at once")
	}
}
