package sms

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"accord/app"
)

// meanings of SendSms's codes that tell an operator what to do.
var meanings = map[string]string{
	"InvalidAccessKeyId.NotFound":      "there is no such access key",
	"SignatureDoesNotMatch":            "the access key's secret is wrong",
	"isp.RAM_PERMISSION_DENY":          "the access key's user may not send short messages",
	"isv.ACCOUNT_ABNORMAL":             "the account is not in order",
	"isv.ACCOUNT_NOT_EXISTS":           "there is no such account",
	"isv.AMOUNT_NOT_ENOUGH":            "the account's balance is used up",
	"isv.BLACK_KEY_CONTROL_LIMIT":      "a word of the message is blocked",
	"isv.BUSINESS_LIMIT_CONTROL":       "Aliyun's own limit for this number is reached",
	"isv.DAY_LIMIT_CONTROL":            "the account's limit for the day is reached",
	"isv.MOBILE_NUMBER_ILLEGAL":        "the number is not one that messages can go to",
	"isv.OUT_OF_SERVICE":               "the account is suspended, mostly for its balance",
	"isv.PRODUCT_UN_SUBSCRIPT":         "the account has no short message service",
	"isv.SMS_SIGNATURE_ILLEGAL":        "the sign name is not approved",
	"isv.SMS_SIGNATURE_SCENE_ILLEGAL":  "the sign name does not go with the template",
	"isv.SMS_TEMPLATE_ILLEGAL":         "the template is not approved",
	"isv.TEMPLATE_MISSING_PARAMETERS":  "the template has another variable than the configured one",
	"isv.TEMPLATE_PARAMS_ILLEGAL":      "the template does not take the code into its variable",
	"isv.INVALID_PARAMETERS":           "a parameter is not as it should be",
	"isv.SMS_TEST_SIGN_TEMPLATE_LIMIT": "the sign name and the template are for trying out only",
}

// judgeAliyun reads an answer to SendSms.
func judgeAliyun(a answer, m app.ShortMessage, key app.Secret) error {
	var said struct{ Code string }
	if err := json.Unmarshal(a.body, &said); err != nil || said.Code == "" {
		if a.status == http.StatusOK {
			return failed(false, errors.New("the answer cannot be read as Aliyun's"))
		}
		return failed(a.refusal(), fmt.Errorf("the endpoint answered %d, and not as Aliyun does", a.status))
	}
	if a.status == http.StatusOK && said.Code == "OK" {
		return nil
	}
	text := fmt.Sprintf("aliyun answered %d, code %s", a.status, quotable(said.Code, m, key))
	if meaning := meanings[said.Code]; meaning != "" {
		text += ": " + meaning
	}
	return failed(a.refusal() || refuses(said.Code), errors.New(text))
}

// refuses reports whether a code says that nothing was sent. Codes in "isv." are
// the caller's fault, those in "isp." the service's, whose effect is unknown
// except for a missing permission.
func refuses(code string) bool {
	return strings.HasPrefix(code, "isv.") || strings.HasPrefix(code, "Throttling") ||
		strings.HasPrefix(code, "BUSINESS_LIMIT") || code == "isp.RAM_PERMISSION_DENY"
}
