// Package verify decides who may ask for what, and how often.
//
// A request is charged to several keys at once: the client's network, the
// address, number or account that it is about, and the platform. All of the
// charges are counted, or none of them. What was charged for something that was
// not done is returned. The counts are in a database that all replicas share.
//
// The package imports nothing of Accord: the database is behind Budgets, and the
// use cases name the keys.
package verify
