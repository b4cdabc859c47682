package api

import (
	"time"

	"accord/app"
)

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
