package servers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// MinIO is a running MinIO server with one drive.
type MinIO struct {
	*Process
	// Endpoint is the base URL, without a trailing slash.
	Endpoint string
	// Region is the region that requests must be signed for.
	Region string
	// RootUser and RootPassword are the administrator's access key and secret.
	RootUser, RootPassword string
}

// StartMinIO starts MinIO and returns when it serves requests. ctx bounds the start only. Errors are one line that tells
// what to do, or the end of the server's log when it exits by itself; nothing is left running then.
func StartMinIO(ctx context.Context, opts Options) (*MinIO, error) {
	bin, err := locateBuilt("minio", "ACCORD_MINIO_BIN", opts.Bin)
	if err != nil {
		return nil, err
	}
	h, err := openHome(ctx, "minio", opts)
	if err != nil {
		return nil, err
	}
	server, err := startMinIO(ctx, h, bin, opts.Listen)
	if err != nil {
		return nil, errors.Join(err, h.release())
	}
	probe := func(ctx context.Context) error { return getOK(ctx, server.Endpoint+"/minio/health/ready") }
	if err := server.await(ctx, probe); err != nil {
		return nil, errors.Join(err, server.Stop(ctx))
	}
	return server, nil
}

func startMinIO(ctx context.Context, h *home, bin, listen string) (*MinIO, error) {
	addr, err := pick(ctx, listen)
	if err != nil {
		return nil, fmt.Errorf("minio: %w", err)
	}
	root, err := loginIn(h.path("root.json"), "accord-root")
	if err != nil {
		return nil, fmt.Errorf("minio: %w", err)
	}
	const region = "us-east-1"
	process, err := spawn(h, bin,
		[]string{"server", "--quiet", "--anonymous", "--certs-dir", h.path("certs"), "--address", addr.listen(), h.path("data")},
		[]string{
			"MINIO_ROOT_USER=" + root.User, "MINIO_ROOT_PASSWORD=" + root.Password,
			"MINIO_SITE_REGION=" + region,
			"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CALLHOME_ENABLE=off",
		})
	if err != nil {
		return nil, err
	}
	return &MinIO{
		Process: process, Endpoint: "http://" + addr.dial(), Region: region,
		RootUser: root.User, RootPassword: root.Password,
	}, nil
}

// getOK asks a health endpoint, which must answer 200.
func getOK(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	return expect(request, http.StatusOK)
}

// expect sends the request and wants the given status. Each call has its own connection: nothing idle is left behind.
func expect(request *http.Request, status int) error {
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != status {
		return fmt.Errorf("%s answers %s", request.URL.Path, response.Status)
	}
	return nil
}
