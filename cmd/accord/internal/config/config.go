// Package config is the program's configuration: typed, defaulted, read from a
// YAML file and the environment, and judged whole before anything starts.
package config

import (
	"time"

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
	// Dialects are the wire dialects that are served.
	Dialects []string `koanf:"dialects" validate:"min=1,unique,dive,oneof=infinite"`
	HTTP     HTTP     `koanf:"http"`
	Session  Session  `koanf:"session"`
	Gitea    Gitea    `koanf:"gitea"`
	Storage  Storage  `koanf:"storage"`
	Database Database `koanf:"database"`
	Mail     Mail     `koanf:"mail"`
	SMS      SMS      `koanf:"sms"`
	Keys     Keys     `koanf:"keys"`
	Password Password `koanf:"password"`
	Saga     Saga     `koanf:"saga"`
	Log      Log      `koanf:"log"`
}

// HTTP bounds what clients may ask of the server.
type HTTP struct {
	// TrustedProxies are addresses or CIDR ranges whose X-Forwarded-For is
	// believed.
	TrustedProxies []string `koanf:"trustedProxies" validate:"dive,ip|cidr"`
	// BodyLimit is the largest request body, in bytes.
	BodyLimit int64 `koanf:"bodyLimit" validate:"min=1024"`
	// ShutdownGrace is how long a shutdown waits for running requests.
	ShutdownGrace time.Duration `koanf:"shutdownGrace" validate:"min=1s"`
}

// Session says how long a sign-in lasts.
type Session struct {
	// TTL is the lifetime of a sign-in, Keep of one that is to be kept.
	TTL  time.Duration `koanf:"ttl" validate:"min=1s"`
	Keep time.Duration `koanf:"keep" validate:"min=1s"`
	// SweepEvery is how often expired sessions are looked for and ended.
	SweepEvery time.Duration `koanf:"sweepEvery" validate:"min=100ms"`
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
}

// Storage is where the object storage is and who administers it.
type Storage struct {
	// Endpoint is where Accord reaches the storage.
	Endpoint string `koanf:"endpoint" validate:"required,http_url,hostonly"`
	// PublicEndpoint is what clients are told; empty means Endpoint.
	PublicEndpoint    string        `koanf:"publicEndpoint" validate:"omitempty,http_url,hostonly"`
	Region            string        `koanf:"region" validate:"required"`
	Bucket            string        `koanf:"bucket" validate:"required,min=3,max=63"`
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
	TLS          string        `koanf:"tls" validate:"oneof=none starttls implicit"`
	Username     string        `koanf:"username" validate:"required_with=Password"`
	Password     app.Secret    `koanf:"password" validate:"required_with=Username,excluded_if=TLS none"`
	PasswordFile string        `koanf:"passwordFile"`
	From         string        `koanf:"from" validate:"required,mailbox"`
	Timeout      time.Duration `koanf:"timeout" validate:"min=100ms"`
}

// SMS chooses who sends text messages.
type SMS struct {
	// Provider is none, or dev, which writes each message into Dir.
	Provider string `koanf:"provider" validate:"oneof=none dev"`
	Dir      string `koanf:"dir" validate:"required_if=Provider dev"`
}

// Keys is the key ring that seals secrets and signs tokens.
type Keys struct {
	File string `koanf:"file" validate:"required"`
}

// Password is the cost of one Argon2id hash, and how many are made at once.
type Password struct {
	// MemoryKiB and Passes are Argon2id's m and t.
	MemoryKiB int `koanf:"memory" validate:"min=8,max=65536"`
	Passes    int `koanf:"passes" validate:"min=1,max=16"`
	// Together bounds the hashes computed at once; 0 means one per CPU.
	Together int `koanf:"together" validate:"min=0,max=1024"`
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

// Log is what is logged, and how.
type Log struct {
	Level  string `koanf:"level" validate:"oneof=debug info warn error"`
	Format string `koanf:"format" validate:"oneof=text json"`
}

// Default returns the configuration that a file and the environment change.
// The addresses and credentials of the other systems have no default.
func Default() Config {
	return Config{
		Listen:   "localhost:8081",
		Zone:     "Asia/Shanghai",
		Issuer:   "accord",
		Dialects: []string{"infinite"},
		HTTP:     HTTP{BodyLimit: 1 << 20, ShutdownGrace: 15 * time.Second},
		Session:  Session{TTL: 2 * time.Hour, Keep: 7 * 24 * time.Hour, SweepEvery: 5 * time.Second},
		Gitea:    Gitea{Timeout: 5 * time.Second},
		Storage:  Storage{Region: "us-east-1", Bucket: "accord", Policy: "accord-home", Timeout: 5 * time.Second},
		Database: Database{Driver: "sqlite"},
		Mail:     Mail{Port: 587, TLS: "starttls", Timeout: 10 * time.Second},
		SMS:      SMS{Provider: "none"},
		Password: Password{MemoryKiB: 19 * 1024, Passes: 2},
		Saga: Saga{
			Lease: 4 * time.Second, Deadline: 8 * time.Second, Answer: 10 * time.Second, StepTimeout: 5 * time.Second,
			Settle: 30 * time.Second, MaxAttempts: 20, Poll: 500 * time.Millisecond, Together: 16,
		},
		Log: Log{Level: "info", Format: "text"},
	}
}
