// Package app is the domain of Accord: the account, its sessions, and one file
// per flow. A flow is a saga over the ports of ports.go; dialects call it, and
// adapters and the store stand behind the ports.
package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"accord/app/verify"
	"accord/saga"
)

// Deps are the things a Service works with. All are required.
type Deps struct {
	Accounts  Accounts
	Sessions  Sessions
	People    People
	Roster    Roster
	Invites   Invites
	Directory Directory
	Storage   Storage
	Hasher    Hasher
	Tokens    Tokens
	Mailer    Mailer
	SMS       SMS
	Pictures  Pictures
	Files     Files
	Codes     Codes
	Admission *verify.Admission
	// Digests have a key.
	Digests Digests
	IDs     IDs
	Runner  *saga.Runner
	Now     func() time.Time
	Logger  *slog.Logger

	// What front-ends need to let people in.
	Puzzles       Puzzles
	Challenges    Challenges
	Proofs        Proofs
	Mobiles       Mobiles
	Ownership     Ownership
	Standings     Standings
	Listings      Listings
	Leaders       Leaders
	Leftovers     Leftovers
	Audit         Audit
	Places        Places
	DirectoryDoor DirectoryDoor
	// What a deletion needs to know of organizations, and where it is postponed.
	DirectoryOrganizations DirectoryOrganizations
	Departures             Departures
	StorageDoor            StorageDoor
	// StoredPictures, optional, is where uploads that nobody uses are cleared from.
	StoredPictures StoredPictures
	// Archive, optional, is where sagas that ended long ago are cleared from.
	Archive Archive
	// Repositories creates repositories in Gitea.
	Repositories DirectoryRepositories

	// What evictions need beside the above.
	DirectoryCredentials DirectoryCredentials
	StorageCredentials   StorageCredentials
	Evictions            Evictions

	// What repairs need beside the above.
	Repairs          AccountRepairs
	DirectoryRepairs DirectoryRepairs
	StorageRepairs   StorageRepairs
	Sealing          AccountSealing

	// What adopting needs beside the above.
	Adoptions         AccountAdoption
	DirectoryAdoption DirectoryAdoption
}

// Settings are the choices of the operator that flows follow.
type Settings struct {
	// SessionTTL is how long a sign-in lasts, KeepTTL where the person asked to
	// stay signed in.
	SessionTTL, KeepTTL time.Duration
	// SessionsPerAccount bounds the sessions that an account has open; the next
	// sign-in ends the oldest. Zero means no limit.
	SessionsPerAccount int
	// DeletionGrace is how long a deleted account can be brought back; zero
	// removes it at once.
	DeletionGrace time.Duration
	// Countries are the country codes that telephones may have, digits only.
	Countries []string
	Guard     GuardSettings
	Uploads   UploadLimits
	Limits    Limits
	// PicturesURL is what the URL of every uploaded picture begins with.
	PicturesURL string
	Sweep       SweepSettings
	// EvictAgain is how long after an eviction credentials are looked for again;
	// zero: never. It is how long a web session of Gitea's may live.
	EvictAgain time.Duration
	// SealPasswords keeps every password out of Gitea: users there have random ones.
	SealPasswords bool
	// RestorePasswords compares a password that a user signs in with to Gitea's copy,
	// once an hour at most, and puts it back there.
	RestorePasswords bool
}

// Service holds every use case. Safe for concurrent use.
type Service struct {
	Deps
	settings Settings
	// hashing lets each client hash one password at a time.
	hashing verify.Shares
	// witnessTurns is for sign-ins of users who are gone from Gitea.
	witnessTurns turns

	register *saga.Flow[registration]
	signIn   *saga.Flow[signingIn]
	signOut  *saga.Flow[signingOut]
	takeLate *saga.Flow[takingLate]

	edit           *saga.Flow[editing]
	changeEmail    *saga.Flow[changingEmail]
	changePassword *saga.Flow[changingPassword]
	resetPassword  *saga.Flow[resettingPassword]
	changeMobile   *saga.Flow[changingMobile]
	owner          *saga.Flow[changingOwner]
	delete         *saga.Flow[deleting]
	modify         *saga.Flow[editing]
	setRole        *saga.Flow[givingRole]
	setPassword    *saga.Flow[resettingPassword]
	bury           *saga.Flow[burying]
	restore        *saga.Flow[restoring]
	mailCode       *saga.Flow[sendingCode]
	smsCode        *saga.Flow[sendingCode]

	sendUsername *saga.Flow[sendingUsername]
	sendNotice   *saga.Flow[sendingNotice]
	suspend      *saga.Flow[suspending]
	resume       *saga.Flow[resuming]
	evicting     *saga.Flow[evicting]
	restorations restorations

	// leader is what the sweeper does, one replica at a time.
	leader    *Leadership
	repairs   repairFlows
	adoptions adoptionFlows
}

// New binds every flow to the runner, so that it can also recover them. A
// runner takes one Service.
func New(d Deps, s Settings) (*Service, error) {
	if len(d.Digests.key) == 0 {
		return nil, errors.New("app: the digests have no key")
	}
	svc := &Service{Deps: d, settings: s, leader: &Leadership{Leaders: d.Leaders, Owner: d.IDs.SessionID(), Now: d.Now}}
	return svc, errors.Join(
		bind(d.Runner, svc.registerFlow(), &svc.register),
		bind(d.Runner, svc.signInFlow(), &svc.signIn),
		bind(d.Runner, svc.signOutFlow(), &svc.signOut),
		bind(d.Runner, svc.takeAddressFlow(), &svc.takeLate),
		bind(d.Runner, svc.editFlow(), &svc.edit),
		bind(d.Runner, svc.changeEmailFlow(), &svc.changeEmail),
		bind(d.Runner, svc.changePasswordFlow(), &svc.changePassword),
		bind(d.Runner, svc.resetPasswordFlow(), &svc.resetPassword),
		bind(d.Runner, svc.changeMobileFlow(), &svc.changeMobile),
		bind(d.Runner, svc.changeOwnerFlow(), &svc.owner),
		bind(d.Runner, svc.deleteFlow(), &svc.delete),
		bind(d.Runner, svc.modifyFlow(), &svc.modify),
		bind(d.Runner, svc.setRoleFlow(), &svc.setRole),
		bind(d.Runner, svc.setPasswordFlow(), &svc.setPassword),
		bind(d.Runner, svc.purgeFlow(), &svc.bury),
		bind(d.Runner, svc.restoreFlow(), &svc.restore),
		bind(d.Runner, svc.mailCodeFlow(), &svc.mailCode),
		bind(d.Runner, svc.smsCodeFlow(), &svc.smsCode),
		bind(d.Runner, svc.sendUsernameFlow(), &svc.sendUsername),
		bind(d.Runner, svc.sendNoticeFlow(), &svc.sendNotice),
		bind(d.Runner, svc.suspendFlow(), &svc.suspend),
		bind(d.Runner, svc.resumeFlow(), &svc.resume),
		bind(d.Runner, svc.evictFlow(), &svc.evicting),
		svc.bindRepairs(d.Runner),
		bind(d.Runner, svc.adoptFlow(), &svc.adoptions.adopt),
		bind(d.Runner, svc.keepPasswordFlow(), &svc.adoptions.keepPassword),
		bind(d.Runner, svc.releaseFlow(), &svc.adoptions.release),
	)
}

func bind[S any](r *saga.Runner, d saga.Definition[S], into **saga.Flow[S]) error {
	flow, err := saga.Bind(r, d)
	*into = flow
	return err
}

// exclusive makes a flow that holds its account until it has ended.
func exclusive[S any](name string, stages ...saga.Stage[S]) saga.Definition[S] {
	d := saga.Sequence(name, stages...)
	d.Exclusive = true
	return d
}

// invalid is the error of one broken rule.
func invalid(op, field string, rule Rule) error {
	return &Error{Kind: Invalid, Op: op, Violations: []Violation{{field, rule}}}
}

// carryOut executes a flow whose state nobody needs: one that another replica
// took over and committed is done.
func carryOut[S any](ctx context.Context, f *saga.Flow[S], subject string, state S) (saga.Receipt, error) {
	_, receipt, err := f.Execute(ctx, subject, state)
	if errors.Is(err, saga.ErrElsewhere) {
		err = nil
	}
	return receipt, err
}

// failed turns the error of a saga into an *Error, keeping the kind of its
// cause where it has one. Where the outcome is not decided the kind is Internal:
// of any other a client may believe that nothing was changed.
func failed(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, saga.ErrUndecided):
		return &Error{Kind: Internal, Op: op, Err: err}
	case errors.Is(err, saga.ErrBusy):
		return &Error{Kind: Busy, Op: op, Err: err}
	default:
		var cause *Error
		if errors.As(err, &cause) {
			return &Error{Kind: cause.Kind, Op: op, Violations: cause.Violations, RetryAfter: cause.RetryAfter, Err: err}
		}
		return &Error{Kind: Internal, Op: op, Err: err}
	}
}
