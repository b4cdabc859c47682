package app

import (
	"context"

	"accord/saga"
)

// OwnerPause is how long a removal waits for an owner.
const OwnerPause = ownerPause

// The states of the flows, for the tests that fail every step of them.
type (
	RegistrationState = registration
	SigningInState    = signingIn
	SigningOutState   = signingOut

	EditingState           = editing
	ChangingEmailState     = changingEmail
	ChangingPasswordState  = changingPassword
	ResettingPasswordState = resettingPassword
	ChangingMobileState    = changingMobile
	ChangingOwnerState     = changingOwner
	DeletingState          = deleting
	BuryingState           = burying
	RestoringState         = restoring
	GivingRoleState        = givingRole
	SendingCodeState       = sendingCode
	SuspendingState        = suspending
	SendingNoticeState     = sendingNotice
	ResumingState          = resuming
	EvictingState          = evicting
	TakingLateState        = takingLate

	RemakingInDirectoryState   = remakingInDirectory
	MendingDirectoryState      = mendingDirectory
	SteppingAsideState         = steppingAside
	DroppingFromDirectoryState = droppingFromDirectory
	EndingTokensState          = endingTokens
	EndingAddressesState       = endingAddresses
	HealingDirectoryState      = healingDirectory
	SealingDirectoryState      = sealingDirectory
	RemakingInStorageState     = remakingInStorage
	MendingStorageState        = mendingStorage
	DroppingFromStorageState   = droppingFromStorage

	AdoptingState        = adopting
	KeepingPasswordState = keepingPassword
	ReleasingState       = releasing
)

func (s *Service) RegisterFlow() saga.Definition[registration]  { return s.registerFlow() }
func (s *Service) SignInFlow() saga.Definition[signingIn]       { return s.signInFlow() }
func (s *Service) TakeAddressFlow() saga.Definition[takingLate] { return s.takeAddressFlow() }
func (s *Service) SignOutFlow() saga.Definition[signingOut]     { return s.signOutFlow() }

func (s *Service) EditFlow() saga.Definition[editing]              { return s.editFlow() }
func (s *Service) ChangeEmailFlow() saga.Definition[changingEmail] { return s.changeEmailFlow() }
func (s *Service) ChangePasswordFlow() saga.Definition[changingPassword] {
	return s.changePasswordFlow()
}

func (s *Service) ResetPasswordFlow() saga.Definition[resettingPassword] {
	return s.resetPasswordFlow()
}
func (s *Service) ChangeMobileFlow() saga.Definition[changingMobile] { return s.changeMobileFlow() }
func (s *Service) ChangeOwnerFlow() saga.Definition[changingOwner]   { return s.changeOwnerFlow() }
func (s *Service) DeleteFlow() saga.Definition[deleting]             { return s.deleteFlow() }
func (s *Service) PurgeFlow() saga.Definition[burying]               { return s.purgeFlow() }
func (s *Service) ModifyFlow() saga.Definition[editing]              { return s.modifyFlow() }
func (s *Service) SetRoleFlow() saga.Definition[givingRole]          { return s.setRoleFlow() }

func (s *Service) SetPasswordFlow() saga.Definition[resettingPassword] {
	return s.setPasswordFlow()
}

func (s *Service) RestoreFlow() saga.Definition[restoring]    { return s.restoreFlow() }
func (s *Service) MailCodeFlow() saga.Definition[sendingCode] { return s.mailCodeFlow() }
func (s *Service) SMSCodeFlow() saga.Definition[sendingCode]  { return s.smsCodeFlow() }

func (s *Service) SuspendFlow() saga.Definition[suspending] { return s.suspendFlow() }
func (s *Service) ResumeFlow() saga.Definition[resuming]    { return s.resumeFlow() }
func (s *Service) EvictFlow() saga.Definition[evicting]     { return s.evictFlow() }

// EvictFromGitea and EvictFromStorage are steps of every flow that evicts.
func (s *Service) EvictFromGitea(ctx context.Context, a Account) error {
	return s.evictFromGitea(ctx, a, false, new(Evicted))
}

func (s *Service) EvictFromStorage(ctx context.Context, a Account, shutOut bool) ([]Credential, error) {
	return s.evictFromStorage(ctx, eviction{Account: a, ShutOut: shutOut})
}

// EndOrphanTokens is one job of ClearUp.
func (s *Service) EndOrphanTokens(ctx context.Context) (int, error) { return s.endOrphanTokens(ctx) }

func (s *Service) RemakeInDirectoryFlow() saga.Definition[remakingInDirectory] {
	return s.remakeInDirectoryFlow()
}

func (s *Service) MendDirectoryFlow() saga.Definition[mendingDirectory] {
	return s.mendDirectoryFlow()
}

func (s *Service) StepAsideFlow() saga.Definition[steppingAside] { return s.stepAsideFlow() }

func (s *Service) DropFromDirectoryFlow() saga.Definition[droppingFromDirectory] {
	return s.dropFromDirectoryFlow()
}

func (s *Service) EndTokensFlow() saga.Definition[endingTokens] {
	return s.endTokensFlow()
}

func (s *Service) EndAddressesFlow() saga.Definition[endingAddresses] {
	return s.endAddressesFlow()
}

func (s *Service) HealDirectoryFlow() saga.Definition[healingDirectory] {
	return s.healDirectoryFlow()
}

func (s *Service) RemakeInStorageFlow() saga.Definition[remakingInStorage] {
	return s.remakeInStorageFlow()
}

func (s *Service) MendStorageFlow() saga.Definition[mendingStorage] {
	return s.mendStorageFlow()
}

func (s *Service) DropFromStorageFlow() saga.Definition[droppingFromStorage] {
	return s.dropFromStorageFlow()
}

// SealPasswords switches the mode of passwords in Gitea, as a restart does.
func (s *Service) SealPasswords(on bool) { s.settings.SealPasswords = on }

// Heal runs the saga that gives Gitea a password, whatever the mode is by now.
func (s *Service) Heal(ctx context.Context, h HealingDirectoryState) error {
	_, _, err := s.repairs.healDirectory.Execute(ctx, h.Account.ID, h)
	return err
}

func (s *Service) SealDirectoryFlow() saga.Definition[sealingDirectory] { return s.sealDirectoryFlow() }

func (s *Service) AdoptFlow() saga.Definition[adopting]               { return s.adoptFlow() }
func (s *Service) KeepPasswordFlow() saga.Definition[keepingPassword] { return s.keepPasswordFlow() }
func (s *Service) ReleaseFlow() saga.Definition[releasing]            { return s.releaseFlow() }

// AccountOf is accountOf, and KeepTheirs keepTheirs.
var AccountOf = accountOf

func (s *Service) KeepTheirs(ctx context.Context, a Account, password Secret) {
	s.keepTheirs(ctx, a, password)
}

// KeepPassword is what a sign-in does when Gitea took the password.
func (s *Service) KeepPassword(ctx context.Context, a Account, password Secret) error {
	receipt, err := carryOut(by(ctx, a.ID), s.adoptions.keepPassword, a.ID, keepingPassword{Account: a, Password: password})
	_, err = settled("keep password", receipt, err)
	return err
}

// ChargeCode is chargeCode.
func (s *Service) ChargeCode(ctx context.Context, c *SendingCodeState) error {
	return s.chargeCode(ctx, c)
}

// ProofName names the proof of a target that was verified.
func (s *Service) ProofName(t Target) string { return t.proofName(s.Digests) }

// Targets of codes, as flows name them.
var (
	MailTarget = mailTarget
	SMSTarget  = smsTarget
)

// SendingUsernameState is that of the flow that mails a user name.
type SendingUsernameState = sendingUsername

func (s *Service) SendNoticeFlow() saga.Definition[sendingNotice]     { return s.sendNoticeFlow() }
func (s *Service) SendUsernameFlow() saga.Definition[sendingUsername] { return s.sendUsernameFlow() }

// CodeSubject is the subject of sagas that send a code.
const CodeSubject = codeSubject

// Failed is failed.
var Failed = failed

// What people type, for its fuzzing.
func InviteCode(typed Secret) Secret           { return inviteCode(typed) }
func (in Solution) Answers(answer Secret) bool { return in.answers(answer) }

// SetSweep changes when something is nobody's any more.
func (s *Service) SetSweep(to SweepSettings) { s.settings.Sweep = to }

// ChangeOwner is a part of what proves an address.
func (s *Service) ChangeOwner(ctx context.Context, a Account, code CodeRef) (Account, saga.Receipt, error) {
	return s.changeOwner(ctx, a, code)
}

// SetRestorePasswords changes whether a sign-in compares the password with Gitea's.
func (s *Service) SetRestorePasswords(to bool) { s.settings.RestorePasswords = to }

// HumanProof names the group of proofs of a person at that client.
func (s *Service) HumanProof(client, typed string) string { return s.humanProof(client, typed) }
