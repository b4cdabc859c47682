package sms

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapimodels "github.com/alibabacloud-go/darabonba-openapi/v2/models"
	"github.com/alibabacloud-go/tea/dara"

	"accord/app"
)

// AliyunEndpoint is the default of AliyunOptions.Endpoint.
const AliyunEndpoint = "dysmsapi.aliyuncs.com"

// AliyunOptions tell of an account with Aliyun's short message service.
type AliyunOptions struct {
	// AccessKeyID and AccessKeySecret are of a RAM user that may SendSms.
	AccessKeyID     string
	AccessKeySecret app.Secret
	// Endpoint is HOST or HOST:PORT, reached by https; default AliyunEndpoint.
	Endpoint string
	// Templates are the approved texts; at least one.
	Templates []AliyunTemplate
	// Parameter is the templates' variable that the code goes into; default
	// "code".
	Parameter string
	// RootCAs are who may vouch for the endpoint; nil means the system's.
	RootCAs *x509.CertPool
	// Timeout bounds one Send; DefaultTimeout by default.
	Timeout time.Duration
}

// Aliyun is an app.SMS by Aliyun's SendSms. Safe for concurrent use.
type Aliyun struct {
	options AliyunOptions
	client  *http.Client
}

var _ app.SMS = (*Aliyun)(nil)

// NewAliyun returns an Aliyun, or every fault of the options. It does not
// connect.
func NewAliyun(o AliyunOptions) (*Aliyun, error) {
	o.Endpoint, o.Parameter = cmp.Or(o.Endpoint, AliyunEndpoint), cmp.Or(o.Parameter, "code")
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	faults := []error{checkHost(o.Endpoint), checkTemplates(o.Templates)}
	if o.AccessKeyID == "" || o.AccessKeySecret == "" {
		faults = append(faults, errors.New("sms: the access key's id and secret are both needed"))
	}
	if o.Timeout < 0 {
		faults = append(faults, errors.New("sms: the time-out is negative"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &Aliyun{options: o, client: newClient(o.RootCAs)}, nil
}

// Send asks Aliyun to send the message by the template that fits it best.
// Errors are SMSFailed; they are saga.Refused where certainly nothing was sent:
// the message is not a proper one, there is no template for it, Aliyun was not
// reached, or it said no. It ends with ctx, and after Options.Timeout at the
// latest.
func (a *Aliyun) Send(ctx context.Context, m app.ShortMessage) error {
	if err := check(m); err != nil {
		return failed(true, err)
	}
	chosen, found := choose(a.options.Templates, m)
	if !found {
		return failed(true, errors.New("no template fits the country and the language"))
	}
	parameters, err := json.Marshal(map[string]string{a.options.Parameter: m.Code.Reveal()})
	if err != nil {
		return failed(true, errors.New("the code cannot be encoded"))
	}
	ctx, cancel := context.WithTimeout(ctx, a.options.Timeout)
	defer cancel()
	return a.call(ctx, m, map[string]*string{
		"PhoneNumbers":  dara.String(phoneNumber(m)),
		"SignName":      dara.String(chosen.SignName),
		"TemplateCode":  dara.String(chosen.TemplateCode),
		"TemplateParam": dara.String(string(parameters)),
	})
}

// phoneNumber is the number as SendSms takes it: bare in mainland China, with
// the country's code elsewhere.
func phoneNumber(m app.ShortMessage) string {
	if m.InternationalCode == "86" {
		return m.Mobile
	}
	return m.InternationalCode + m.Mobile
}

// call makes one SendSms, signed by the SDK.
func (a *Aliyun) call(ctx context.Context, m app.ShortMessage, query map[string]*string) error {
	c := &aliyunCall{client: a.client}
	sdk, err := openapi.NewClient(&openapimodels.Config{
		AccessKeyId:     dara.String(a.options.AccessKeyID),
		AccessKeySecret: dara.String(a.options.AccessKeySecret.Reveal()),
		Endpoint:        dara.String(a.options.Endpoint),
		HttpClient:      c,
	})
	if err == nil {
		_, err = sdk.CallApiWithCtx(ctx, &openapimodels.Params{
			Action: dara.String("SendSms"), Version: dara.String("2017-05-25"), Style: dara.String("RPC"),
			Protocol: dara.String("HTTPS"), Method: dara.String(http.MethodPost), Pathname: dara.String("/"),
			AuthType: dara.String("AK"), ReqBodyType: dara.String("json"), BodyType: dara.String("json"),
		}, &openapimodels.OpenApiRequest{Query: query}, &dara.RuntimeOptions{})
	}
	switch {
	case c.made && c.err != nil:
		return c.err
	case c.made:
		return judgeAliyun(c.answer, m, a.options.AccessKeySecret)
	case err != nil:
		return failed(true, errors.New("the request cannot be made"))
	}
	return failed(true, errors.New("the request was not made"))
}

// aliyunCall carries one request for the SDK, bounded and classified.
type aliyunCall struct {
	client *http.Client
	made   bool
	answer answer
	err    error
}

// Call implements the SDK's HttpClient. The SDK gets an empty answer: it falls
// over nonsense, and the real one is read by judgeAliyun.
func (c *aliyunCall) Call(req *http.Request, _ *http.Transport) (*http.Response, error) {
	c.made = true
	c.answer, c.err = roundTrip(c.client, req)
	if c.err != nil {
		return nil, c.err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader([]byte("{}")))}, nil
}
