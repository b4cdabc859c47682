package app

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Field is the definition of what one field takes, the same in every dialect. A
// text is normalised first; the rest is about what comes of that.
type Field struct {
	// Name is the use cases' name of the field, which dialects may rename.
	Name string
	// Required: the field cannot be empty.
	Required bool
	// Min and Max bound its length, in characters.
	Min, Max int
	// Pattern matches the whole text. Regular expressions of Go and of JavaScript,
	// with its flag u or v, read it alike.
	Pattern string
	// Except are texts that are refused although they match, and ExceptEndings how
	// such texts end, in lower case and compared without regard to case.
	Except, ExceptEndings []string
	// OneOf are the only texts that are accepted, if there are any.
	OneOf []string
	// Steps normalise a text, in this order.
	Steps []Step
	// ZH and EN are the message about a text that breaks the rules.
	ZH, EN string

	shape *regexp.Regexp
	// outside and misshapen are the rules broken by a wrong length and by a text
	// that does not match.
	outside, misshapen Rule
}

// Fields returns the definitions of all fields, in the order in which violations
// are reported. countries are the country codes that numbers may have.
func Fields(countries []string) []Field {
	all := slices.Clone(fields)
	for i := range all {
		if all[i].Name == "internationalCode" {
			all[i].OneOf = countries
		}
	}
	return all
}

// FieldNamed returns the definition of the field that the use cases call name.
func FieldNamed(name string) (f Field, known bool) {
	f, known = fieldsByName[name]
	return f, known
}

// Narrowed returns the definition of the field for a dialect whose document has
// limits of its own. An empty pattern leaves the field's.
func Narrowed(name string, least, most int, pattern string) Field {
	f := field(name)
	f.Min, f.Max, f.outside = least, most, Length
	if pattern != "" {
		f.Pattern = pattern
	}
	return f.ready()
}

// field is FieldNamed for names that are in the table.
func field(name string) Field { return fieldsByName[name] }

// Normalise returns the text as it is judged and stored. Normalising it again
// changes nothing.
func (f Field) Normalise(text string) string {
	for _, step := range f.Steps {
		text = steps[step](text)
	}
	return text
}

// Check returns the rule that the text breaks, once it is normalised, or an empty
// one if it breaks none.
func (f Field) Check(text string) Rule {
	text = f.Normalise(text)
	switch length := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "" && f.Required:
		return NotBlank
	case text == "":
		return ""
	case len(f.OneOf) > 0 && !slices.Contains(f.OneOf, text):
		return NotContainsDict
	case !f.printable(text):
		return Pattern
	case length < f.Min || length > f.Max:
		return f.outside
	case !f.shape.MatchString(text) || f.excepted(text):
		return f.misshapen
	}
	return ""
}

// allows reports whether the text may be stored as it is.
func (f Field) allows(text string) bool { return f.Normalise(text) == text && f.Check(text) == "" }

// fits reports whether the text has the length and the shape.
func (f Field) fits(text string) bool {
	length := utf8.RuneCountInString(text)
	return f.printable(text) && length >= f.Min && length <= f.Max && f.shape.MatchString(text)
}

func (f Field) excepted(text string) bool {
	key := FoldKey(text)
	return slices.Contains(f.Except, key) ||
		slices.ContainsFunc(f.ExceptEndings, func(end string) bool { return strings.HasSuffix(key, end) })
}

// printable refuses control characters, except those that long texts keep, and
// bytes that are not UTF-8, which decoders replace by U+FFFD.
func (f Field) printable(text string) bool {
	long := slices.Contains(f.Steps, Breaks)
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && !(long && (r == '\n' || r == '\t'))
	})
}

// ready fills in what follows from the rest.
func (f Field) ready() Field {
	f.shape = regexp.MustCompile(f.Pattern)
	if f.outside == "" {
		f.outside = Length
	}
	if f.misshapen == "" {
		f.misshapen = Pattern
	}
	return f
}

var fieldsByName = func() map[string]Field {
	byName := map[string]Field{}
	for i := range fields {
		fields[i] = fields[i].ready()
		byName[fields[i].Name] = fields[i]
	}
	return byName
}()

// The limits of what people give, by field. A field that several systems have
// takes what all of them take.
var fields = []Field{
	{
		Name: "username", Required: true, Min: 1, Max: MaxUsername, Pattern: usernamePattern, Steps: identifier,
		Except: reservedNames, ExceptEndings: reservedEndings, outside: Pattern,
		ZH: "用户名须为1–40位字母、数字、-、_或.，以字母或数字开头和结尾，符号不能连续，且不能是保留名称",
		EN: "A user name has 1 to 40 letters, digits, -, _ or ., begins and ends with a letter or digit, has no two marks in a row, " +
			"and is not a reserved name",
	},
	{
		Name: "email", Required: true, Min: 3, Max: MaxEmail, Pattern: emailPattern, Steps: identifier,
		ExceptEndings: []string{"@" + placeholderDomain}, outside: EmailSyntax, misshapen: EmailSyntax,
		ZH: "邮箱格式不正确", EN: "The e-mail address is not well-formed",
	},
	{
		Name: "password", Required: true, Min: MinPassword, Max: MaxPassword, Pattern: passwordPattern, outside: Pattern,
		ZH: "密码须为8至16位，并同时包含字母和数字", EN: "A password has 8 to 16 characters, letters and digits among them",
	},
	{
		Name: "nickname", Required: true, Min: 1, Max: 255, Pattern: namePattern, Steps: []Step{NFC, Spaces},
		ZH: "昵称最多255个字符，不能含有不可见字符", EN: "A nickname has at most 255 characters, all of them visible",
	},
	{
		Name: "avatarUrl", Required: true, Min: 1, Max: 255, Pattern: linePattern, Steps: line,
		ZH: "头像须为本人上传的图片地址，或允许的图片网站的地址，最多255个字符，图片不能过大",
		EN: "An avatar is the address of a picture that the user uploaded, or one of an allowed site, has at most 255 characters, and the " +
			"picture is not too large",
	},
	{
		Name: "description", Max: 50, Pattern: textPattern, Steps: text,
		ZH: "个人简介最多50个字符", EN: "A description has at most 50 characters",
	},
	{
		Name: "website", Max: 50, Pattern: websitePattern, Steps: []Step{NFC, Trim, Scheme},
		ZH: "个人网站须为网址，如https://example.com，最多50个字符，且不含空格",
		EN: "A website is an address such as https://example.com, has at most 50 characters and no blanks",
	},
	{
		Name: "location", Max: 50, Pattern: linePattern, Steps: line,
		ZH: "所在地区最多50个字符，且不含换行", EN: "A location has at most 50 characters, in one line",
	},
	{
		Name: "internationalCode", Required: true, Min: 1, Max: 3, Pattern: `^[1-9][0-9]*$`, Steps: []Step{Width, Trim, Plus},
		outside: NotContainsDict, misshapen: NotContainsDict,
		ZH: "不支持该国家或地区的手机号", EN: "Numbers of that country are not accepted",
	},
	{
		Name: "mobile", Required: true, Min: 4, Max: 14, Pattern: `^[0-9]*$`, Steps: []Step{Width, Separators, Prefix},
		outside: Pattern,
		ZH:      "手机号只能包含数字，且位数须符合所在国家或地区", EN: "A mobile number consists of digits, as many as its country's numbers have",
	},
	{
		Name: "code", Required: true, Min: 1, Max: 16, Pattern: linePattern, Steps: []Step{Width, Trim, Upper},
		ZH: "验证码为6位字母或数字", EN: "A verification code is 6 letters or digits",
	},
	{
		Name: "birthday", Max: 40, Pattern: linePattern, Steps: line,
		ZH: "生日须为1900-01-01至今天的日期", EN: "A birthday is a day from 1900-01-01 up to today",
	},
	upTo("sign", 255, text, "签名", "A signature"),
	upTo("cover", 255, line, "封面图地址", "The address of a cover"),
	upTo("realName", 64, line, "姓名", "A real name"),
	upTo("identity", 64, line, "身份", "An identity"),
	upTo("anonym", 64, line, "匿名ID", "An anonymous name"),
	upTo("company", 128, line, "公司", "A company"),
	upTo("occupation", 64, line, "职业", "An occupation"),
	upTo("address", 255, text, "地址", "An address"),
	upTo("zipcode", 16, line, "邮政编码", "A postal code"),
	upTo("education", 64, line, "学历", "An education"),
	upTo("university", 128, line, "毕业院校", "A university"),
	upTo("major", 128, line, "专业", "A major"),
	upTo("idCardType", 32, line, "证件类型", "A type of identity card"),
	upTo("idCard", 64, line, "证件号码", "The number of an identity card"),
	upTo("qq", 32, line, "QQ", "A QQ number"),
	upTo("introduce", 1000, text, "自我简介", "An introduction"),
	upTo("corpName", 128, line, "公司名称", "The name of a company"),
	upTo("deptName", 128, line, "部门名称", "The name of a department"),
	upTo("remark", 1000, text, "备注", "A remark"),
	upTo("source", 64, line, "用户来源", "A source"),
	upTo("invitedBy", 40, line, "邀请人", "The name of who invites"),
}
