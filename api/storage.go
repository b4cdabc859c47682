package api

import (
	"time"

	"accord/app"
)

// SystemsAnswer is what a sign-in gives for the systems behind the platform. It
// is embedded in the answers of dialects whose documents know nothing of them,
// behind the documents' own fields.
type SystemsAnswer struct {
	GiteaToken   string        `json:"giteaToken"`
	StorageToken string        `json:"storageToken"`
	Storage      StorageAnswer `json:"storage"`
}

// NewSystemsAnswer is the part of a sign-in that is not the platform's own.
func NewSystemsAnswer(in app.SignedIn) SystemsAnswer {
	return SystemsAnswer{
		GiteaToken: in.GiteaToken.Reveal(), StorageToken: in.Grant.SessionToken.Reveal(), Storage: NewStorageAnswer(in.Grant),
	}
}

// StorageAnswer is what a sign-in tells an S3 client; it is named after what S3 clients call these things; its
// expiration is RFC 3339, as they read it.
type StorageAnswer struct {
	Endpoint        string    `json:"endpoint"`
	Region          string    `json:"region"`
	Bucket          string    `json:"bucket"`
	Prefix          string    `json:"prefix"`
	AccessKeyID     string    `json:"accessKeyId"`
	SecretAccessKey string    `json:"secretAccessKey"`
	SessionToken    string    `json:"sessionToken"`
	Expiration      time.Time `json:"expiration"`
}

// NewStorageAnswer is a grant as it goes over the wire.
func NewStorageAnswer(g app.Grant) StorageAnswer {
	return StorageAnswer{
		Endpoint: g.Endpoint, Region: g.Region, Bucket: g.Bucket, Prefix: g.Prefix,
		AccessKeyID: g.AccessKeyID, SecretAccessKey: g.SecretAccessKey.Reveal(),
		SessionToken: g.SessionToken.Reveal(), Expiration: g.Expiration.UTC().Truncate(time.Second),
	}
}
