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
		text[i] = "0123456789"[random.IntN(10)]
	}
	drawn, err := paint(string(text))
	if err != nil {
		return app.Puzzle{}, err
	}
	return app.Puzzle{Image: drawn, Width: digitsWidth, Height: digitsHeight, Answer: app.Secret(text)}, nil
}

// paint is a PNG of the text.
func paint(text string) ([]byte, error) {
	driver := base64Captcha.NewDriverDigit(digitsHeight, digitsWidth, digitCount, digitSkew, digitDots)
	item, err := driver.DrawCaptcha(text)
	if err != nil {
		return nil, err
	}
	var drawn bytes.Buffer
	_, err = item.WriteTo(&drawn)
	return drawn.Bytes(), err
}
