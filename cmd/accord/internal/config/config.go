// Package config is the program's configuration: typed, defaulted, read from a
// YAML file and the environment, and judged whole before anything starts.
package config

import (
	"time"

	"accord/adapters/gitea"
	"accord/app"
)

// Config holds every setting. Keys in the file are the koanf tags joined by
// dots; the environment variable of each follows from its key, see EnvName. A
// secret may also come from a file, by the key or variable with File at its end.
type Config struct {
	// Listen is the address of the HTTP server; port 0 takes any free one.
	Listen string `koanf:"listen" validate:"listen"`
	// Zone is the time zone of times on the wire, by its tz database name.
	Zone string `koanf:"zone" validate:"timezone"`
	// Issuer is what access tokens name as theirs (iss).
	Issuer string `koanf:"issuer" validate:"required"`
	// Audience is whom access tokens name as their audience (aud); the issuer if it
	// is empty.
	Audience string `koanf:"audience" validate:"omitempty,oneline,max=255"`
	// Dialects are the wire dialects that are served.
	Dialects []string `koanf:"dialects" validate:"min=1,unique,dive,oneof=infinite portal community jpress registry"`
	JPress   JPress   `koanf:"jpress"`
	HTTP     HTTP     `koanf:"http"`
	Session  Session  `koanf:"session"`
	Gitea    Gitea    `koanf:"gitea"`
	Storage  Storage  `koanf:"storage"`
	Database Database `koanf:"database"`
	Mail     Mail     `koanf:"mail"`
	SMS      SMS      `koanf:"sms"`
	Picture  Picture  `koanf:"picture"`
	Deletion Deletion `koanf:"deletion"`
	Keys     Keys     `koanf:"keys"`
	// Introspection says which services may ask about tokens.
	Introspection Introspection `koanf:"introspection"`
	Community     Community     `koanf:"community"`
	// Registry is for the dialect of that name.
	Registry Registry `koanf:"registry"`

	Password Password `koanf:"password"`
	Guard    Guard    `koanf:"guard"`
	Limits   Limits   `koanf:"limits"`
	Saga     Saga     `koanf:"saga"`
	Sweep    Sweep    `koanf:"sweep"`
	Log      Log      `koanf:"log"`
	Sync     Sync     `koanf:"sync"`
	Metrics  Metrics  `koanf:"metrics"`
}

// HTTP bounds what clients may ask of the server.
type HTTP struct {
	// TrustedProxies are addresses or CIDR ranges whose ProxyHeader is believed.
	TrustedProxies []string `koanf:"trustedProxies" validate:"dive,ip|cidr"`
	// ProxyHeader is the header in which they name the client.
	ProxyHeader string `koanf:"proxyHeader" validate:"oneof=X-Forwarded-For Forwarded"`
	// AllowedOrigins are the web origins whose pages may call the API: exact, any port
	// of this machine as in http://localhost:*, or * for any.
	AllowedOrigins []string `koanf:"allowedOrigins" validate:"unique,dive,weborigin"`
	// AllowCredentials lets those pages send cookies, which a proxy may ask for.
	AllowCredentials bool `koanf:"allowCredentials"`
	// BodyLimit is the largest request body, in bytes.
	BodyLimit int64 `koanf:"bodyLimit" validate:"min=1024"`
	// RefusalPause is how long a refusal of too many requests is held back.
	RefusalPause time.Duration `koanf:"refusalPause" validate:"min=0s,max=10s"`
	// ShutdownGrace is how long a shutdown waits for running requests.
	ShutdownGrace time.Duration `koanf:"shutdownGrace" validate:"min=1s"`
}

// Community are the settings of the community dialect.
type Community struct {
	// TokenPair: clients of the document's version 1.0 are served too.
	TokenPair bool `koanf:"tokenPair"`
}

// Session says how long a sign-in lasts.
type Session struct {
	// TTL is the lifetime of a sign-in, Keep of one that is to be kept.
	TTL  time.Duration `koanf:"ttl" validate:"min=1s"`
	Keep time.Duration `koanf:"keep" validate:"min=1s"`
	// PerAccount bounds the open sessions of an account; 0 does not.
	PerAccount int `koanf:"perAccount" validate:"min=0,max=10000"`
	// SweepEvery is how often expired sessions are looked for and ended.
	SweepEvery time.Duration `koanf:"sweepEvery" validate:"min=100ms"`
}

// JPress says how far the dialect of that name goes.
type JPress struct {
	// OpenCreate lets anybody make an account; else administrators may.
	OpenCreate bool `koanf:"openCreate"`
}

// Gitea is where Gitea is and who administers it.
type Gitea struct {
	URL               string     `koanf:"url" validate:"required,http_url,nouser"`
	AdminUser         string     `koanf:"adminUser" validate:"required"`
	AdminPassword     app.Secret `koanf:"adminPassword" validate:"required"`
	AdminPasswordFile string     `koanf:"adminPasswordFile"`
	// AdminToken, optional, spares Gitea a password check on most requests.
	AdminToken     app.Secret    `koanf:"adminToken"`
	AdminTokenFile string        `koanf:"adminTokenFile"`
	Timeout        time.Duration `koanf:"timeout" validate:"min=100ms"`
	// TokenScopes are the scopes of the access tokens that sessions receive.
	TokenScopes []string `koanf:"tokenScopes" validate:"min=1,unique,dive,giteascope"`
	// SessionLifetime is how long a web session of Gitea's may live; credentials are
	// looked for again that long after an eviction. 0 does not look.
	SessionLifetime time.Duration `koanf:"sessionLifetime" validate:"min=0"`
	// Passwords is mirrored, where users have the same password in Gitea, or sealed,
	// where they have a random one there that nobody knows.
	Passwords string `koanf:"passwords" validate:"oneof=mirrored sealed"`
}

// Sealed reports whether no user's password may be in Gitea.
func (g Gitea) Sealed() bool { return g.Passwords == "sealed" }

// Storage is where the object storage is and who administers it.
type Storage struct {
	// Endpoint is where Accord reaches the storage.
	Endpoint string `koanf:"endpoint" validate:"required,http_url,hostonly"`
	// PublicEndpoint is what clients are told; empty means Endpoint.
	PublicEndpoint    string        `koanf:"publicEndpoint" validate:"omitempty,http_url,hostonly"`
	Region            string        `koanf:"region" validate:"required"`
	Bucket            string        `koanf:"bucket" validate:"required,min=3,max=45"`
	Policy            string        `koanf:"policy" validate:"required"`
	AdminUser         string        `koanf:"adminUser" validate:"required"`
	AdminPassword     app.Secret    `koanf:"adminPassword" validate:"required"`
	AdminPasswordFile string        `koanf:"adminPasswordFile"`
	Timeout           time.Duration `koanf:"timeout" validate:"min=100ms"`
}

// Database is the account store.
type Database struct {
	Driver string `koanf:"driver" validate:"oneof=sqlite mysql"`
	// DSN is a file name for sqlite, and user:password@tcp(host:port)/name for
	// mysql. It is a secret since it may hold a password.
	DSN     app.Secret `koanf:"dsn" validate:"required"`
	DSNFile string     `koanf:"dsnFile"`
}

// Mail is the SMTP server that mail goes out by.
type Mail struct {
	Host string `koanf:"host" validate:"required,hostname_rfc1123|ip"`
	Port int    `koanf:"port" validate:"min=1,max=65535"`
	// TLS is none, starttls or implicit.
	TLS          string     `koanf:"tls" validate:"oneof=none starttls implicit"`
	Username     string     `koanf:"username" validate:"required_with=Password"`
	Password     app.Secret `koanf:"password" validate:"required_with=Username,excluded_if=TLS none"`
	PasswordFile string     `koanf:"passwordFile"`
	From         string     `koanf:"from" validate:"required,mailbox"`
	// Brand is the name that messages give the platform. FooterZH and FooterEN end
	// messages of their language.
	Brand    string `koanf:"brand" validate:"required,max=64,oneline"`
	FooterZH string `koanf:"footerZh" validate:"max=500,oneline"`
	FooterEN string `koanf:"footerEn" validate:"max=500,oneline"`
	// Contact is how users reach the administrators.
	Contact string        `koanf:"contact" validate:"max=200,oneline"`
	Timeout time.Duration `koanf:"timeout" validate:"min=100ms"`
	// PerClientHour bounds the messages that one client may ask for in an hour,
	// PlatformDay those of all clients in a day; 0 means no limit.
	PerClientHour int `koanf:"perClientHour" validate:"min=0"`
	PlatformDay   int `koanf:"platformDay" validate:"min=0"`
	// ReservePercent of PlatformDay is kept for users of accounts.
	ReservePercent int `koanf:"reservePercent" validate:"min=0,max=90"`
}

// SMS says to whom text messages are sent, how many, and by whom.
type SMS struct {
	// Countries are the country codes that telephones may have, digits only. A
	// number without one is of the first.
	Countries []string `koanf:"countries" validate:"min=1,unique,dive,number,max=3"`
	// PerClientHour bounds the messages that one client address may ask for in an
	// hour, PlatformDay those of everybody in a day; 0 means no limit.
	PerClientHour int `koanf:"perClientHour" validate:"min=0"`
	PlatformDay   int `koanf:"platformDay" validate:"min=0"`
	// ReservePercent of PlatformDay is kept for users of accounts.
	ReservePercent int `koanf:"reservePercent" validate:"min=0,max=90"`
	// Provider is none; dev, which writes each message into Dir; aliyun; or http,
	// for any gateway that takes a POST.
	Provider string        `koanf:"provider" validate:"oneof=none dev aliyun http"`
	Dir      string        `koanf:"dir" validate:"required_if=Provider dev"`
	Timeout  time.Duration `koanf:"timeout" validate:"min=100ms"`
	Aliyun   Aliyun        `koanf:"aliyun"`
	HTTP     SMSGateway    `koanf:"http"`
}

// Aliyun is an account with Aliyun's short message service.
type Aliyun struct {
	AccessKeyID         string     `koanf:"accessKeyId"`
	AccessKeySecret     app.Secret `koanf:"accessKeySecret"`
	AccessKeySecretFile string     `koanf:"accessKeySecretFile"`
	// Endpoint is HOST or HOST:PORT; empty means Aliyun's own.
	Endpoint string `koanf:"endpoint"`
	// Templates are the approved texts, each COUNTRY/LANGUAGE/SIGN/TEMPLATE, such
	// as 86/zh/SIGN/SMS_123456789; * stands for any country or language.
	Templates []string `koanf:"templates" validate:"dive,smstemplate"`
	// Parameter is the templates' variable for the code; empty means "code".
	Parameter string `koanf:"parameter"`
}

// SMSGateway is a gateway that takes short messages by POST; sms.HTTPOptions
// says what each setting means.
type SMSGateway struct {
	// URL and Headers may hold the gateway's keys. Headers are lines of NAME: VALUE.
	URL          app.Secret `koanf:"url"`
	URLFile      string     `koanf:"urlFile"`
	Headers      app.Secret `koanf:"headers" validate:"headerlines"`
	HeadersFile  string     `koanf:"headersFile"`
	Cleartext    bool       `koanf:"cleartext"`
	Encoding     string     `koanf:"encoding" validate:"oneof=json form"`
	Body         string     `koanf:"body"`
	SuccessField string     `koanf:"successField"`
	SuccessValue string     `koanf:"successValue"`
}

// Picture says where avatars may come from besides our own storage.
type Picture struct {
	// AllowedHosts are names such as img.example.com, or *.example.com for every
	// name below it; they must lead to public addresses.
	AllowedHosts []string      `koanf:"allowedHosts"`
	Timeout      time.Duration `koanf:"timeout" validate:"min=100ms"`
	// Decoders bounds the pictures that are decoded at once.
	Decoders int `koanf:"decoders" validate:"min=1,max=64"`
	// PerAccountHour bounds the uploads of one account in an hour, PlatformHour
	// those of all; zero means no limit.
	PerAccountHour int `koanf:"perAccountHour" validate:"min=0"`
	PlatformHour   int `koanf:"platformHour" validate:"min=0"`
	// KeepUnused is how long an upload that no account uses is kept.
	KeepUnused time.Duration `koanf:"keepUnused" validate:"min=1h"`
}

// Deletion says what becomes of accounts that their people delete.
type Deletion struct {
	// Grace is how long an operator can bring an account back; 0 removes it at
	// once.
	Grace time.Duration `koanf:"grace" validate:"min=0"`
}

// Keys is the key ring that seals secrets and signs tokens.
type Keys struct {
	File string `koanf:"file" validate:"required"`
	// Poll is how often the file is looked at for a change.
	Poll time.Duration `koanf:"poll" validate:"min=100ms"`
}

// Introspection says which services may ask about tokens.
type Introspection struct {
	// Clients are lines of ID:SECRET; none: nobody may ask.
	Clients     app.Secret `koanf:"clients"`
	ClientsFile string     `koanf:"clientsFile"`
}

// Registry is how the registry dialect works.
type Registry struct {
	// Invitations asks every newcomer for an invitation code.
	Invitations bool `koanf:"invitations"`
}

// Password is the cost of one Argon2id hash, and how many are made at once.
type Password struct {
	// MemoryKiB and Passes are Argon2id's m and t.
	MemoryKiB int `koanf:"memory" validate:"min=8,max=65536"`
	Passes    int `koanf:"passes" validate:"min=1,max=16"`
	// Together bounds the hashes computed at once; 0 means one per CPU.
	Together int `koanf:"together" validate:"min=0,max=1024"`
	// Wait is how long a check waits for its turn before the request is refused;
	// 0 waits as long as the request lasts.
	Wait time.Duration `koanf:"wait" validate:"min=0"`
}

// Guard bounds wrong passwords, by account and by client address (an IPv6
// client's is its /64 network). A count begins anew LockFor after its first
// failure.
type Guard struct {
	// AccountFree and ClientFree failures hold nobody up; 0 means no limit.
	// AccountLockAfter and ClientLockAfter failures lock; 0 never locks.
	AccountFree      int `koanf:"accountFree" validate:"min=0"`
	AccountLockAfter int `koanf:"accountLockAfter" validate:"omitempty,gtfield=AccountFree"`
	ClientFree       int `koanf:"clientFree" validate:"min=0"`
	ClientLockAfter  int `koanf:"clientLockAfter" validate:"omitempty,gtfield=ClientFree"`
	// Delay is the wait after the last free failure; it doubles up to MaxDelay.
	Delay    time.Duration `koanf:"delay" validate:"min=1s"`
	MaxDelay time.Duration `koanf:"maxDelay" validate:"gtefield=Delay"`
	// LockFor is how long a lock lasts.
	LockFor time.Duration `koanf:"lockFor" validate:"gtefield=MaxDelay,max=24h"`
	// WideFactor is how many times every limit by client applies to the network
	// around it: the /24 of an IPv4 address, the /48 of an IPv6 one; 0: none does.
	WideFactor int `koanf:"wideFactor" validate:"min=0,max=1000"`
	// TurnWait is how long a sign-in waits for others at the same account that are
	// being checked; 0 refuses it at once.
	TurnWait time.Duration `koanf:"turnWait" validate:"min=0,max=5s"`
	// ExemptClients are addresses or CIDR ranges without a limit by client.
	ExemptClients []string `koanf:"exemptClients" validate:"dive,ip|cidr"`
}

// Limits bound what clients ask for; app.Limits says what each means. 0 means no
// limit.
type Limits struct {
	CodesPerTargetMinute       int `koanf:"codesPerTargetMinute" validate:"min=0"`
	CodesPerTargetDay          int `koanf:"codesPerTargetDay" validate:"min=0"`
	CodeReserveDay             int `koanf:"codeReserveDay" validate:"min=0"`
	CodeTriesPerClient         int `koanf:"codeTriesPerClient" validate:"min=0"`
	UsernamesPerTargetDay      int `koanf:"usernamesPerTargetDay" validate:"min=0"`
	RegistrationsPerClientHour int `koanf:"registrationsPerClientHour" validate:"min=0"`
	RegistrationsPlatformDay   int `koanf:"registrationsPlatformDay" validate:"min=0"`
	LookupsPerClientHour       int `koanf:"lookupsPerClientHour" validate:"min=0"`
	ChallengesPerClientMinute  int `koanf:"challengesPerClientMinute" validate:"min=0"`
	ChallengesPlatform         int `koanf:"challengesPlatform" validate:"min=0"`
	SolvesPerClientHour        int `koanf:"solvesPerClientHour" validate:"min=0"`
	ProfilesPerClientHour      int `koanf:"profilesPerClientHour" validate:"min=0"`
	ChangesPerAccountHour      int `koanf:"changesPerAccountHour" validate:"min=0"`
	ManagedPerAccountHour      int `koanf:"managedPerAccountHour" validate:"min=0"`
	RepositoriesPerAccountHour int `koanf:"repositoriesPerAccountHour" validate:"min=0"`
	SignInsPerAccountHour      int `koanf:"signInsPerAccountHour" validate:"min=0"`
	SignInsPerClientHour       int `koanf:"signInsPerClientHour" validate:"min=0"`
	HumanCheckFailures         int `koanf:"humanCheckFailures" validate:"min=0"`
	RedeemedCodeTries          int `koanf:"redeemedCodeTries" validate:"min=0"`
	NoticesPerAccountDay       int `koanf:"noticesPerAccountDay" validate:"min=0"`
	SignInNoticesPerAccountDay int `koanf:"signInNoticesPerAccountDay" validate:"min=0"`
	RemakesPerAccountHour      int `koanf:"remakesPerAccountHour" validate:"min=0"`
}

// Saga tunes the saga runner; saga.Options says what each means.
type Saga struct {
	Lease       time.Duration `koanf:"lease" validate:"min=1s"`
	Deadline    time.Duration `koanf:"deadline" validate:"min=100ms"`
	Answer      time.Duration `koanf:"answer" validate:"min=100ms,max=10s"`
	StepTimeout time.Duration `koanf:"stepTimeout" validate:"min=100ms"`
	Settle      time.Duration `koanf:"settle" validate:"min=1s"`
	MaxAttempts int           `koanf:"maxAttempts" validate:"min=1"`
	Poll        time.Duration `koanf:"poll" validate:"min=10ms"`
	Together    int           `koanf:"together" validate:"min=1,max=1024"`
}

// Sweep says what is cleared up, and when; sessions that run out have
// Session.SweepEvery.
type Sweep struct {
	// Every is how often what nobody needs any more is looked for.
	Every time.Duration `koanf:"every" validate:"min=1s"`
	// Settle is how old a reserved account or session, or a Gitea token, must be
	// to be taken for left behind.
	Settle time.Duration `koanf:"settle" validate:"min=5m"`
	// Keep is how long sagas and sessions that ended can be looked up, and names
	// of undone registrations.
	Keep time.Duration `koanf:"keep" validate:"min=1h"`
	// TokensPerSecond bounds how many accounts' Gitea tokens are looked through.
	TokensPerSecond int `koanf:"tokensPerSecond" validate:"min=1,max=1000"`
}

// Sync says what `accord sync` may do.
type Sync struct {
	// Protected are user names or accountIds of accounts that it never mends.
	Protected []string `koanf:"protected"`
	// Every is how often `accord serve` makes a plan, without mending; 0 never.
	Every time.Duration `koanf:"every" validate:"omitempty,min=1s"`
	// QPS is how many readings such a plan makes in a second, at most; 0 for any
	// number.
	QPS int `koanf:"qps" validate:"min=0"`
}

// Metrics says where metrics can be read.
type Metrics struct {
	// Listen is the address of their own HTTP server; empty: there is none.
	Listen string `koanf:"listen" validate:"omitempty,listen"`
}

// Log is what is logged, and how.
type Log struct {
	Level  string `koanf:"level" validate:"oneof=debug info warn error"`
	Format string `koanf:"format" validate:"oneof=text json"`
}

// Default returns the configuration that a file and the environment change.
// The addresses and credentials of the other systems have no default.
func Default() Config {
	limits := app.DefaultLimits()
	return Config{
		Listen:   "localhost:8081",
		Zone:     "Asia/Shanghai",
		Issuer:   "accord",
		Dialects: []string{"infinite", "portal", "community", "jpress", "registry"},
		HTTP:     HTTP{ProxyHeader: "X-Forwarded-For", BodyLimit: 1 << 20, RefusalPause: time.Second, ShutdownGrace: 15 * time.Second},
		Session:  Session{TTL: 2 * time.Hour, Keep: 7 * 24 * time.Hour, PerAccount: 64, SweepEvery: 5 * time.Second},
		Gitea:    Gitea{Timeout: 5 * time.Second, TokenScopes: gitea.DefaultScopes(), SessionLifetime: 24 * time.Hour, Passwords: "mirrored"},
		Storage:  Storage{Region: "us-east-1", Bucket: "accord", Policy: "accord-home", Timeout: 5 * time.Second},
		Database: Database{Driver: "sqlite"},
		Mail: Mail{
			Brand: "Accord", Port: 587, TLS: "starttls", Timeout: 10 * time.Second,
			PerClientHour: limits.Mail.PerClientHour, PlatformDay: limits.Mail.PlatformDay, ReservePercent: limits.Mail.ReservePercent,
		},
		SMS: SMS{
			Countries: []string{"86"}, PerClientHour: limits.SMS.PerClientHour, PlatformDay: limits.SMS.PlatformDay,
			ReservePercent: limits.SMS.ReservePercent, Provider: "none", Timeout: 5 * time.Second,
			HTTP: SMSGateway{Encoding: "json"},
		},
		Picture:  Picture{Timeout: 5 * time.Second, Decoders: 2, PerAccountHour: 20, PlatformHour: 2000, KeepUnused: 24 * time.Hour},
		Keys:     Keys{Poll: 5 * time.Second},
		Password: Password{MemoryKiB: 19 * 1024, Passes: 2, Wait: time.Second},
		Guard: Guard{
			AccountFree: 5, AccountLockAfter: 10, ClientFree: 50, ClientLockAfter: 200,
			Delay: time.Second, MaxDelay: 30 * time.Second, LockFor: 15 * time.Minute,
			WideFactor: 4, TurnWait: 2 * time.Second,
		},
		Limits: Limits{
			CodesPerTargetMinute: limits.Code.PerTargetMinute, CodesPerTargetDay: limits.Code.PerTargetDay,
			CodeReserveDay: limits.Code.ReserveDay, CodeTriesPerClient: limits.Code.TriesPerClient,
			UsernamesPerTargetDay:      limits.UsernamesPerTargetDay,
			RegistrationsPerClientHour: limits.RegistrationsPerClientHour, RegistrationsPlatformDay: limits.RegistrationsPlatformDay,
			LookupsPerClientHour:      limits.LookupsPerClientHour,
			ChallengesPerClientMinute: limits.ChallengesPerClientMinute, ChallengesPlatform: limits.ChallengesPlatform,
			SolvesPerClientHour:   limits.SolvesPerClientHour,
			ProfilesPerClientHour: limits.ProfilesPerClientHour,
			ChangesPerAccountHour: limits.ChangesPerAccountHour, ManagedPerAccountHour: limits.ManagedPerAccountHour,
			RepositoriesPerAccountHour: limits.RepositoriesPerAccountHour,
			SignInsPerAccountHour:      limits.SignInsPerAccountHour, SignInsPerClientHour: limits.SignInsPerClientHour,
			HumanCheckFailures: limits.HumanCheckFailures, RedeemedCodeTries: limits.RedeemedCodeTries,
			NoticesPerAccountDay: limits.NoticesPerAccountDay, SignInNoticesPerAccountDay: limits.SignInNoticesPerAccountDay,
			RemakesPerAccountHour: limits.RemakesPerAccountHour,
		},
		Saga: Saga{
			Lease: 4 * time.Second, Deadline: 8 * time.Second, Answer: 10 * time.Second, StepTimeout: 5 * time.Second,
			Settle: 30 * time.Second, MaxAttempts: 20, Poll: 500 * time.Millisecond, Together: 16,
		},
		Sweep: Sweep{Every: 15 * time.Minute, Settle: time.Hour, Keep: 30 * 24 * time.Hour, TokensPerSecond: 5},
		Log:   Log{Level: "info", Format: "text"},
		Sync:  Sync{QPS: 20},
	}
}
