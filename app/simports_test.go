package app_test

import (
	"context"
	"time"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// The ports of one simulated process: each call goes through the scheduler.

func simFailed(kind app.Kind) func(error) error {
	return func(cause error) error { return &app.Error{Kind: kind, Err: cause} }
}

type simDirectory struct {
	inner *memory.Directory
	r     *sagatest.Replica
}

func (d simDirectory) do(ctx context.Context, text string, effect func(context.Context) error) error {
	return d.r.Remote(ctx, simGitea, text, simFailed(app.DirectoryFailed), func() error { return effect(context.Background()) })
}

func (d simDirectory) CreateUser(ctx context.Context, u app.DirectoryUser) (int64, error) {
	var id int64
	err := d.do(ctx, "create user "+u.Username, func(ctx context.Context) (err error) {
		id, err = d.inner.CreateUser(ctx, u)
		return err
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

func (d simDirectory) RemoveUser(ctx context.Context, username, accountID string) error {
	return d.do(ctx, "remove user "+username, func(ctx context.Context) error { return d.inner.RemoveUser(ctx, username, accountID) })
}

func (d simDirectory) CreateToken(ctx context.Context, ref app.DirectoryRef, name string) (app.Secret, error) {
	var token app.Secret
	err := d.do(ctx, "create token "+name, func(ctx context.Context) (err error) {
		token, err = d.inner.CreateToken(ctx, ref, name)
		return err
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

func (d simDirectory) DeleteToken(ctx context.Context, ref app.DirectoryRef, name string) error {
	return d.do(ctx, "delete token "+name, func(ctx context.Context) error { return d.inner.DeleteToken(ctx, ref, name) })
}

func (d simDirectory) Profile(ctx context.Context, ref app.DirectoryRef) (app.DirectoryProfile, error) {
	var p app.DirectoryProfile
	err := d.do(ctx, "profile "+ref.Username, func(ctx context.Context) (err error) {
		p, err = d.inner.Profile(ctx, ref)
		return err
	})
	if err != nil {
		return app.DirectoryProfile{}, err
	}
	return p, nil
}

func (d simDirectory) SetProfile(ctx context.Context, ref app.DirectoryRef, p app.DirectoryProfile) error {
	return d.do(ctx, "set profile "+ref.Username, func(ctx context.Context) error { return d.inner.SetProfile(ctx, ref, p) })
}

func (d simDirectory) SetAvatar(ctx context.Context, ref app.DirectoryRef, png []byte) error {
	return d.do(ctx, "set avatar "+ref.Username, func(ctx context.Context) error { return d.inner.SetAvatar(ctx, ref, png) })
}

func (d simDirectory) SetPassword(ctx context.Context, ref app.DirectoryRef, password app.Secret) error {
	return d.do(ctx, "set password "+ref.Username, func(ctx context.Context) error { return d.inner.SetPassword(ctx, ref, password) })
}

func (d simDirectory) SetEmail(ctx context.Context, ref app.DirectoryRef, email string) error {
	return d.do(ctx, "set e-mail "+ref.Username+" "+email, func(ctx context.Context) error { return d.inner.SetEmail(ctx, ref, email) })
}

func (d simDirectory) SetActive(ctx context.Context, ref app.DirectoryRef, active bool) error {
	return d.do(ctx, "set active "+ref.Username, func(ctx context.Context) error { return d.inner.SetActive(ctx, ref, active) })
}

func (d simDirectory) Belongings(ctx context.Context, ref app.DirectoryRef) (app.Belongings, error) {
	var b app.Belongings
	err := d.do(ctx, "belongings "+ref.Username, func(ctx context.Context) (err error) {
		b, err = d.inner.Belongings(ctx, ref)
		return err
	})
	if err != nil {
		return app.Belongings{}, err
	}
	return b, nil
}

func (d simDirectory) LetsIn(ctx context.Context, token app.Secret) (in bool, err error) {
	var seen bool
	err = d.do(ctx, "lets in", func(ctx context.Context) (err error) {
		seen, err = d.inner.LetsIn(ctx, token)
		return err
	})
	return seen && err == nil, err
}

func (d simDirectory) Tokens(ctx context.Context, ref app.DirectoryRef, prefix string) ([]app.DirectoryToken, error) {
	return d.inner.Tokens(ctx, ref, prefix)
}

// PurgeUser looks and then purges, as the adapter does: the world can change in
// between.
func (d simDirectory) PurgeUser(ctx context.Context, ref app.DirectoryRef) error {
	err := d.do(ctx, "look at "+ref.Username+" before the purge", func(ctx context.Context) error { return d.inner.MayPurge(ctx, ref) })
	if err != nil {
		return err
	}
	return d.do(ctx, "purge user "+ref.Username, func(ctx context.Context) error { return d.inner.Purge(ctx, ref) })
}

func (d simDirectory) SharedOrganizations(ctx context.Context, ref app.DirectoryRef) ([]app.Organization, error) {
	var shared []app.Organization
	err := d.r.Look(ctx, simGitea, "organizations of "+ref.Username, simFailed(app.DirectoryFailed), func() (err error) {
		shared, err = d.inner.SharedOrganizations(context.Background(), ref)
		return err
	})
	if err != nil {
		return nil, err
	}
	return shared, nil
}

func (d simDirectory) LeaveOrganization(ctx context.Context, ref app.DirectoryRef, organization string) error {
	return d.do(ctx, ref.Username+" leaves "+organization, func(ctx context.Context) error {
		return d.inner.LeaveOrganization(ctx, ref, organization)
	})
}

func (d simDirectory) Credentials(ctx context.Context, accountID string, kinds ...app.CredentialKind) ([]app.Credential, error) {
	var found []app.Credential
	err := d.do(ctx, "list credentials "+accountID, func(ctx context.Context) (err error) {
		found, err = d.inner.Credentials(ctx, accountID, kinds...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (d simDirectory) SomeTokens(ctx context.Context, accountID string, limit int) ([]app.Credential, error) {
	found, err := d.Credentials(ctx, accountID, app.GiteaToken)
	return found[:min(len(found), limit)], err
}

func (d simDirectory) EndCredentials(ctx context.Context, accountID string, all []app.Credential) (ended []app.Credential, err error) {
	for _, c := range all {
		if err = d.EndCredential(ctx, accountID, c); err != nil {
			break
		}
		ended = append(ended, c)
	}
	return ended, err
}

func (d simDirectory) EndCredential(ctx context.Context, accountID string, c app.Credential) error {
	return d.do(ctx, "end "+string(c.Kind)+" "+c.Name, func(ctx context.Context) error {
		return d.inner.EndCredential(ctx, accountID, c)
	})
}

type simStorage struct {
	inner *memory.Storage
	r     *sagatest.Replica
}

func (s simStorage) do(ctx context.Context, text string, effect func(context.Context) error) error {
	return s.r.Remote(ctx, simMinIO, text, simFailed(app.StorageFailed), func() error { return effect(context.Background()) })
}

func (s simStorage) CreateUser(ctx context.Context, key string, secret app.Secret) error {
	return s.do(ctx, "create user "+key, func(ctx context.Context) error { return s.inner.CreateUser(ctx, key, secret) })
}

// remove is do for a removal, which makes the server forget the user and no more
// where the caller has gone away.
func (s simStorage) remove(ctx context.Context, text, key string, effect func(context.Context, string) error) error {
	forget := func() error {
		s.inner.Forget(key)
		return nil
	}
	return s.r.RemoteCut(ctx, simMinIO, text+" "+key, simFailed(app.StorageFailed), func() error { return effect(context.Background(), key) }, forget)
}

func (s simStorage) RemoveUser(ctx context.Context, key string) error {
	return s.remove(ctx, "remove user", key, s.inner.RemoveUser)
}

func (s simStorage) Grant(ctx context.Context, key string, secret app.Secret, session string, ttl time.Duration) (app.Grant, error) {
	var grant app.Grant
	err := s.do(ctx, "grant "+session, func(ctx context.Context) (err error) {
		grant, err = s.inner.Grant(ctx, key, secret, session, ttl)
		return err
	})
	if err != nil {
		return app.Grant{}, err
	}
	return grant, nil
}

func (s simStorage) Revoke(ctx context.Context, key, session, accessKey string) error {
	return s.do(ctx, "revoke "+session, func(ctx context.Context) error { return s.inner.Revoke(ctx, key, session, accessKey) })
}

func (s simStorage) SetActive(ctx context.Context, key string, active bool) error {
	return s.do(ctx, "set active "+key, func(ctx context.Context) error { return s.inner.SetActive(ctx, key, active) })
}

func (s simStorage) CountObjects(ctx context.Context, key string, limit int) (int, error) {
	return s.inner.CountObjects(ctx, key, limit)
}

func (s simStorage) LetsIn(ctx context.Context, g app.Grant) (in bool, err error) {
	var seen bool
	err = s.do(ctx, "lets in", func(ctx context.Context) (err error) {
		seen, err = s.inner.LetsIn(ctx, g)
		return err
	})
	return seen && err == nil, err
}

func (s simStorage) PurgeUser(ctx context.Context, key string) error {
	return s.remove(ctx, "purge user", key, s.inner.PurgeUser)
}

type simFiles struct {
	inner *memory.Files
	r     *sagatest.Replica
}

func (f simFiles) PutPicture(ctx context.Context, accountID string, png []byte) (string, error) {
	return f.inner.PutPicture(ctx, accountID, png)
}

func (f simFiles) RemovePictures(ctx context.Context, accountID string) error {
	return f.r.Remote(ctx, simMinIO, "remove pictures "+accountID, simFailed(app.StorageFailed), func() error {
		return f.inner.RemovePictures(context.Background(), accountID)
	})
}

type simMailer struct {
	inner *memory.Mailer
	r     *sagatest.Replica
}

func (m simMailer) Send(ctx context.Context, mail app.Mail) error {
	return m.r.Remote(ctx, "mail", "send "+mail.To, simFailed(app.MailFailed), func() error {
		return m.inner.Send(context.Background(), mail)
	})
}

type simSMS struct {
	inner *memory.SMS
	r     *sagatest.Replica
}

func (m simSMS) Send(ctx context.Context, message app.ShortMessage) error {
	return m.r.Remote(ctx, "sms", "send "+message.Mobile, simFailed(app.SMSFailed), func() error {
		return m.inner.Send(context.Background(), message)
	})
}

func (s simStorage) AccessKeys(ctx context.Context, key string) ([]app.Credential, error) {
	var found []app.Credential
	err := s.do(ctx, "list access keys "+key, func(ctx context.Context) (err error) {
		found, err = s.inner.AccessKeys(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (s simStorage) EndAccessKey(ctx context.Context, key string, c app.Credential) error {
	return s.do(ctx, "end access key "+c.ID, func(ctx context.Context) error { return s.inner.EndAccessKey(ctx, key, c) })
}

func (s simStorage) RevokeAll(ctx context.Context, key string) error {
	return s.do(ctx, "revoke all of "+key, func(ctx context.Context) error { return s.inner.RevokeAll(ctx, key) })
}
