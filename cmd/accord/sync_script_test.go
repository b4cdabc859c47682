package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"accord/adapters/gitea"
	"accord/adapters/minio"
	"accord/app"
)

// damage FILE HOW USER breaks something of that user's, as the administrators of
// Gitea and the storage that dev.json names might.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	state := readState(ts, args[0])
	directory, err := gitea.New(gitea.Options{
		URL: state.Gitea.URL, AdminUser: state.Gitea.AdminUser, AdminPassword: app.Secret(state.Gitea.AdminPassword),
	})
	ts.Check(err)
	storage, err := minio.New(minio.Options{
		Endpoint: state.Storage.Endpoint, Region: state.Storage.Region, Bucket: state.Storage.Bucket,
		AdminUser: state.Storage.RootUser, AdminPassword: app.Secret(state.Storage.RootPassword),
	})
	ts.Check(err)
	ctx := context.Background()
	user, err := userNamed(ctx, directory, args[2])
	ts.Check(err)
	ref, key := user.Ref(), app.StorageKeyOf(user.Mark)
	ways := map[string]func() error{
		"gitea-remove":   func() error { return directory.RemoveUser(ctx, user.Username, user.Mark) },
		"gitea-rename":   func() error { return directory.RenameUser(ctx, ref, user.Username+"-renamed") },
		"gitea-address":  func() error { return directory.SetEmail(ctx, ref, "moved@example.com") },
		"gitea-profile":  func() error { return directory.SetProfile(ctx, ref, app.DirectoryProfile{Location: "elsewhere"}) },
		"gitea-off":      func() error { return directory.SetActive(ctx, ref, false) },
		"gitea-unmark":   func() error { return directory.UnmarkUser(ctx, user.ID, ref) },
		"gitea-token":    func() error { return tokenOfNoSession(ctx, directory, user) },
		"storage-remove": func() error { return storage.RemoveUser(ctx, key) },
		"storage-off":    func() error { return storage.SetActive(ctx, key, false) },
		"orphan":         func() error { return orphanBeside(ctx, directory, storage) },
	}
	way, known := ways[args[1]]
	if !known {
		ts.Fatalf("no such damage: %s", args[1])
	}
	ts.Check(way())
}

// insync FILE waits until nothing is going on and the systems are in accord.
func insync(ts *testscript.TestScript, _ bool, args []string) {
	eventually(ts, "insync", func() error {
		if err := ts.Exec("accord", "sync", "--config", args[0], "--output", "json"); err != nil {
			return err
		}
		var d planDocument
		err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &d)
		if err == nil && d.PendingTotal > 0 {
			err = fmt.Errorf("%d sagas are pending", d.PendingTotal)
		}
		return err
	})
}

func userNamed(ctx context.Context, d *gitea.Directory, name string) (app.DirectoryView, error) {
	for u, err := range d.EachUser(ctx, func(context.Context) error { return nil }) {
		if err != nil || u.Username == name {
			return u, err
		}
	}
	return app.DirectoryView{}, fmt.Errorf("no user %s in Gitea", name)
}

func tokenOfNoSession(ctx context.Context, d *gitea.Directory, u app.DirectoryView) error {
	_, err := d.CreateToken(ctx, u.Ref(), "accord-"+string(slices.Repeat([]byte("z"), 26)))
	return err
}

// orphanBeside makes users that bear the mark of an account which never was.
func orphanBeside(ctx context.Context, d *gitea.Directory, s *minio.Storage) error {
	const id = "20010100000001"
	_, err := d.CreateUser(ctx, app.DirectoryUser{
		AccountID: id, Username: "phantom", Email: "phantom@example.com", Password: "a-Password-of-phantoms1",
	})
	if err != nil {
		return err
	}
	return s.CreateUser(ctx, app.StorageKeyOf(id), "a secret of phantoms that is quite long")
}
