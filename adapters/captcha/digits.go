package captcha

import (
	"bytes"
	"math/rand/v2"

	"github.com/mojocn/base64Captcha"

	"accord/app"
)

// The picture, in pixels, and how it is distorted.
const (
	digitsWidth, digitsHeight = 240, 80
	digitCount                = 5
	digitSkew                 = 0.7
	digitDots                 = 60
)

// digits draws a row of digits. The library, whose random numbers can be
// foretold, only distorts them.
func digits(random *rand.Rand) (app.Puzzle, error) {
	text := make([]byte, digitCount)
	for i := range text {
		text[i] = '0' + byte(random.IntN(10))
	}
	driver := base64Captcha.NewDriverDigit(digitsHeight, digitsWidth, digitCount, digitSkew, digitDots)
	item, err := driver.DrawCaptcha(string(text))
	if err != nil {
		return app.Puzzle{}, err
	}
	var drawn bytes.Buffer
	if _, err := item.WriteTo(&drawn); err != nil {
		return app.Puzzle{}, err
	}
	return app.Puzzle{
		Image: drawn.Bytes(), Width: digitsWidth, Height: digitsHeight, Answer: app.Secret(text),
	}, nil
}
