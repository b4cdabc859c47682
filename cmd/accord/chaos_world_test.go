package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"accord/adapters/password"
	"accord/app"
)

// world is what the people of a load live in.
type world struct {
	seed     uint64
	front    *front
	accounts *accountRows
	post     *codeBox
	texts    *codeBox
	// file is the configuration for commands.
	file string
}

// restore brings an account back by the command.
func (w *world) restore(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "accord", "account", "restore", "--config", w.file, name)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	code := "General.Success"
	if err != nil {
		code, err = "not restored", fmt.Errorf("%w: %s", err, out)
	}
	w.front.count("accord account restore", code)
	return err
}

// accountRows reads the database past Accord.
type accountRows struct {
	db     *sqlx.DB
	hasher *password.Hasher
}

// accountRow is an account as the database has it.
type accountRow struct {
	ID           string `db:"id"`
	Username     string `db:"username"`
	Email        string `db:"email"`
	Mobile       string `db:"mobile"`
	Status       string `db:"status"`
	PasswordHash string `db:"password_hash"`
	GiteaID      int64  `db:"gitea_id"`
	StorageKey   string `db:"storage_key"`
	Nickname     string `db:"nickname"`
	AvatarURL    string `db:"avatar_url"`
	Description  string `db:"description"`
	Website      string `db:"website"`
	Location     string `db:"location"`
}

func (a *accountRow) profile() app.Profile {
	return app.Profile{Nickname: a.Nickname, AvatarURL: a.AvatarURL, Description: a.Description, Website: a.Website, Location: a.Location}
}

// held reports whether the account has to be there on every system.
func (a *accountRow) held() bool {
	return a.Status == string(app.Normal) || a.Status == string(app.Leaving)
}

const accountRowColumns = `SELECT id, username, email, mobile, status, password_hash, gitea_id, storage_key,
	nickname, avatar_url, description, website, location FROM accounts `

// named is the account that has the name now, or nil.
func (a *accountRows) named(ctx context.Context, name string) (*accountRow, error) {
	var row accountRow
	err := a.db.GetContext(context.WithoutCancel(ctx), &row, accountRowColumns+"WHERE username_key = ?", strings.ToLower(name))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &row, err
}

// quiet waits until no saga is about the account, or ctx ends.
func (a *accountRows) quiet(ctx context.Context, name, id string) bool {
	for ctx.Err() == nil {
		open, err := a.open(ctx, name, id)
		if err == nil && open == 0 {
			return true
		}
		pause(ctx, 250*time.Millisecond)
	}
	return false
}

// open counts the sagas about the account, or about any that had its name. It asks
// twice, since in one query the server goes through all accounts for every saga.
func (a *accountRows) open(ctx context.Context, name, id string) (count int, err error) {
	var ids []string
	if err := a.db.SelectContext(ctx, &ids, "SELECT id FROM accounts WHERE username = ?", name); err != nil {
		return 0, err
	}
	query, args, err := sqlx.In("SELECT COUNT(*) FROM sagas WHERE runnable = 1 AND subject IN (?)", append(ids, id))
	if err != nil {
		return 0, err
	}
	return count, a.db.GetContext(ctx, &count, query, args...)
}

// opens reports whether the password is that of the hash.
func (a *accountRows) opens(hash, candidate string) bool {
	ok, err := a.hasher.Verify(context.Background(), app.Secret(hash), app.Secret(candidate))
	return err == nil && ok
}

// codeBox finds the last code that was sent to somebody, in a folder of messages
// whose names sort by time. Safe for concurrent use.
type codeBox struct {
	dir  string
	read func(text []byte) (to, code string)

	mu   sync.Mutex
	seen map[string]bool
	last map[string]string
}

func newCodeBox(dir string, read func([]byte) (to, code string)) *codeBox {
	return &codeBox{dir: dir, read: read, seen: map[string]bool{}, last: map[string]string{}}
}

// code waits a little for a code; it is empty where none comes.
func (b *codeBox) code(ctx context.Context, to string) string {
	for range 20 {
		if code := b.look(to); code != "" {
			return code
		}
		pause(ctx, 50*time.Millisecond)
	}
	return ""
}

func (b *codeBox) look(to string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		if b.seen[entry.Name()] || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(b.dir, entry.Name())); err == nil {
			b.seen[entry.Name()] = true
			if to, code := b.read(text); code != "" {
				b.last[to] = code
			}
		}
	}
	return b.last[to]
}

func readMail(text []byte) (to, code string) {
	_, rest, _ := bytes.Cut(text, []byte("Delivered-To: "))
	address, _, _ := bytes.Cut(rest, []byte("\r\n"))
	found := codeInMail.FindSubmatch(bytes.ReplaceAll(text, []byte("=\r\n"), nil))
	if found == nil {
		return "", ""
	}
	return strings.Trim(string(address), "<>"), string(found[1])
}

func readText(text []byte) (to, code string) {
	var message struct{ Mobile, Code string }
	_ = json.Unmarshal(text, &message) // nothing then
	return message.Mobile, message.Code
}
