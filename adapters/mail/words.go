package mail

import "accord/app"

// phrase is a text in both languages.
type phrase struct{ zh, en string }

func (p phrase) in(language string) string {
	if language == "en" {
		return p.en
	}
	return p.zh
}

// happened is the headline of each notice.
var happened = map[app.NoticeKind]phrase{
	app.NoticePasswordChanged: {"密码已修改", "Your password was changed"},
	app.NoticePasswordReset:   {"密码已重置", "Your password was reset"},
	app.NoticePasswordSet:     {"密码已由管理员设置", "An administrator set your password"},
	app.NoticeEmailChanged:    {"邮箱地址已更改", "The e-mail address of your account was changed"},
	app.NoticeEmailConfirmed:  {"邮箱地址已确认", "The e-mail address of your account was confirmed"},
	app.NoticeMobileChanged:   {"手机号已更改", "The mobile number of your account was changed"},
	app.NoticeRoleChanged:     {"账号角色已更改", "The role of your account was changed"},
	app.NoticeDeleted:         {"账号已注销", "Your account was deleted"},
	app.NoticeRestored:        {"账号已恢复", "Your account was restored"},
	app.NoticeSuspended:       {"账号已停用", "Your account was suspended"},
	app.NoticeResumed:         {"账号已恢复使用", "Your account can be used again"},
	app.NoticeSessionsEnded:   {"账号的登录已被结束", "Sessions of your account were ended"},
	app.NoticeOwnerChanged:    {"邮箱地址已验证，账号此前的登录已全部失效", "Your address was verified, and earlier access to the account has ended"},
	app.NoticeEvicted:         {"账号的访问凭据已清除", "Access credentials of your account were removed"},
	app.NoticeKeysStay:        {"请检查账号在代码仓库中的密钥", "Please check the keys of your git account"},
	app.NoticeRemade:          {"代码仓库中的用户已重新创建", "Your user in the git service was created again"},
	app.NoticeSignIn:          {"账号在新的设备或网络登录", "Your account was used from a new device or network"},
}

// means is what follows from each notice; empty if the headline says it all.
var means = map[app.NoticeKind]phrase{
	app.NoticePasswordChanged: {"其他设备上的登录均已失效。", "You have been signed out on all other devices."},
	app.NoticePasswordReset:   {"所有设备上的登录均已失效。", "You have been signed out on all devices."},
	app.NoticePasswordSet:     {"所有设备上的登录均已失效。请用新密码登录，然后自行修改密码。", "You have been signed out on all devices. Sign in with the new password, then change it."},
	app.NoticeEmailChanged:    {"本通知同时发送到原邮箱和新邮箱。", "This notice goes to the old address and to the new one."},
	app.NoticeEmailConfirmed:  {"今后可以用发送到此邮箱的验证码登录和重置密码。", "Codes sent to this address can now sign in to the account and reset its password."},
	app.NoticeOwnerChanged:    {"原密码已失效，请重置密码后使用。", "The earlier password no longer works: reset it to set your own."},
	app.NoticeSuspended:       {"恢复使用之前，账号无法登录。", "No one can sign in to it until it is resumed."},
	app.NoticeSessionsEnded:   {"相关设备需要重新登录。", "The devices that used them have to sign in again."},
	app.NoticeEvicted:         {"使用这些凭据的程序需要新的凭据。", "Programs that used them need new ones."},
	app.NoticeRemade:          {"该用户此前已在代码仓库中被删除，其仓库和密钥无法恢复。", "It had been deleted there. Its repositories and keys did not come back."},
	app.NoticeKeysStay:        {"不认识的密钥请在代码仓库中删除。", "Delete those that you do not recognize."},
}

// remedy is what to do if the owner did not make the change, by who did.
var remedy = map[app.NoticeActor]phrase{
	app.ByUnknown:       ownRemedy,
	app.BySelf:          ownRemedy,
	app.ByAdministrator: {"此操作由平台管理员完成。如有疑问，请联系平台管理员。", "An administrator of the platform did this. If you did not expect it, contact the administrators."},
	app.ByOperator:      {"此操作由平台运维人员完成。如有疑问，请联系平台管理员。", "An operator of the platform did this. If you did not expect it, contact the administrators."},
}

// The remedies of an owner who can reset the password, and of those who cannot.
var (
	ownRemedy = phrase{
		"如果不是您本人操作，请立即像平时一样打开平台重置密码，并联系平台管理员。",
		"If this was not you, open the platform as you usually do, reset your password at once, and contact its administrators.",
	}
	formerRemedy = phrase{
		"此邮箱已不能用于找回账号。如果不是您本人操作，请立即联系平台管理员。",
		"This address can no longer recover the account. If this was not you, contact the platform's administrators at once.",
	}
	closedRemedy = phrase{
		"账号已无法登录，也不能重置密码。如果不是您本人操作，请立即联系平台管理员。",
		"No one can sign in to the account now, or reset its password. If this was not you, contact the platform's administrators at once.",
	}
)

// credentials are the kinds that an eviction removes, in the order of a notice.
var credentials = []struct {
	kind app.CredentialKind
	name phrase
}{
	{app.GiteaToken, phrase{"代码仓库访问令牌", "git access tokens"}},
	{app.OAuth2Application, phrase{"OAuth2 应用及其授权", "OAuth2 applications and their grants"}},
	{app.SecondAddress, phrase{"附加邮箱", "additional addresses"}},
	{app.Webhook, phrase{"Web 钩子", "webhooks"}},
	{app.ActionsRunner, phrase{"Actions 运行器", "Actions runners"}},
	{app.SSHKey, phrase{"SSH 密钥", "SSH keys"}},
	{app.GPGKey, phrase{"GPG 密钥", "GPG keys"}},
	{app.DeployKey, phrase{"部署密钥", "deploy keys"}},
	{app.StorageAccessKey, phrase{"存储访问密钥", "storage access keys"}},
}

var roles = map[app.Role]phrase{
	app.User:               {"普通用户", "user"},
	app.Administrator:      {"管理员", "administrator"},
	app.SuperAdministrator: {"超级管理员", "super-administrator"},
}

// purposes is what a code is for; empty for one that serves several things.
var purposes = map[app.Purpose]phrase{
	app.AnyPurpose:      {},
	app.ForRegistration: {"注册账号", "register an account"},
	app.ForSignIn:       {"登录", "sign in"},
	app.ForReset:        {"重置密码", "reset your password"},
	app.ForEmailChange:  {"更换邮箱地址", "change the e-mail address of your account"},
	app.ForMobileChange: {"更换手机号", "change the mobile number of your account"},
}

// other sentences of messages.
var (
	whenLine  = phrase{"时间：", "When: "}
	whereLine = phrase{"来自：", "From: "}
	roleLine  = phrase{"现在的角色：", "New role: "}
	untilLine = phrase{
		"在此时间之前，平台管理员可以为您恢复账号：", "Until this time the administrators can bring the account back: ",
	}
	endedLine = phrase{"已清除：", "Removed: "}
	keysLine  = phrase{"代码仓库中仍保留的密钥数量，请检查是否都属于您：", "Keys that stay in the git account; check that all are yours: "}
	lastLine  = phrase{
		"今天关于此账号的通知较多，本日内不再发送。", "There were many notices about this account today; this is the last one for the day.",
	}
	contactLine    = phrase{"联系方式：", "How to contact them: "}
	automatic      = phrase{"本邮件由系统自动发送，请勿回复。", "This message was sent automatically; please do not reply."}
	unknownAddress = phrase{"未知地址", "an unknown address"}
	onSystem       = phrase{" / ", " on "}
	between        = phrase{"，", ", "}
	enumerated     = phrase{"、", ", "}
)
