package app

import (
	"context"

	"accord/saga"
)

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
	DeletingState          = deleting
	BuryingState           = burying
	RestoringState         = restoring
	GivingRoleState        = givingRole
	SendingCodeState       = sendingCode
	SuspendingState        = suspending
	ResumingState          = resuming

	RemakingInDirectoryState   = remakingInDirectory
	MendingDirectoryState      = mendingDirectory
	SteppingAsideState         = steppingAside
	DroppingFromDirectoryState = droppingFromDirectory
	EndingTokensState          = endingTokens
	HealingDirectoryState      = healingDirectory
	RemakingInStorageState     = remakingInStorage
	MendingStorageState        = mendingStorage
	DroppingFromStorageState   = droppingFromStorage

	AdoptingState        = adopting
	KeepingPasswordState = keepingPassword
	ReleasingState       = releasing
)

func (s *Service) RegisterFlow() saga.Definition[registration] { return s.registerFlow() }
func (s *Service) SignInFlow() saga.Definition[signingIn]      { return s.signInFlow() }
func (s *Service) SignOutFlow() saga.Definition[signingOut]    { return s.signOutFlow() }

func (s *Service) EditFlow() saga.Definition[editing]              { return s.editFlow() }
func (s *Service) ChangeEmailFlow() saga.Definition[changingEmail] { return s.changeEmailFlow() }
func (s *Service) ChangePasswordFlow() saga.Definition[changingPassword] {
	return s.changePasswordFlow()
}

func (s *Service) ResetPasswordFlow() saga.Definition[resettingPassword] {
	return s.resetPasswordFlow()
}
func (s *Service) ChangeMobileFlow() saga.Definition[changingMobile] { return s.changeMobileFlow() }
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

// Targets of codes, as flows name them.
var (
	MailTarget = mailTarget
	SMSTarget  = smsTarget
)

// SendingUsernameState is that of the flow that mails a user name.
type SendingUsernameState = sendingUsername

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
