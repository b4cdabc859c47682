package captcha

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func decode(t *testing.T, data []byte, width, height, limit int) image.Image {
	t.Helper()
	require.LessOrEqual(t, len(data), limit)
	m, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, width, height), m.Bounds())
	return m
}

func drawn(t *testing.T, p *Puzzles, kind app.ChallengeKind) app.Puzzle {
	t.Helper()
	puzzle, err := p.Draw(kind)
	require.NoError(t, err)
	return puzzle
}

// seeded makes puzzles that are the same in every run.
func seeded(seed byte) *Puzzles {
	return &Puzzles{random: func() *rand.Rand { return rand.New(rand.NewChaCha8([32]byte{seed})) }}
}

func TestDigits(t *testing.T) {
	seen := map[app.Secret]bool{}
	for range 50 {
		p := drawn(t, New(), app.PictureChallenge)
		require.Regexp(t, `^[0-9]{5}$`, p.Answer.Reveal())
		decode(t, p.Image, p.Width, p.Height, 16<<10)
		require.Empty(t, p.Piece)
		seen[p.Answer] = true
	}
	require.Greater(t, len(seen), 45, "answers differ")
}

// TestDigitsShowTheAnswer: more ink for digits that have more of it, whatever the
// distortion: an answer of eights against one of ones.
func TestDigitsShowTheAnswer(t *testing.T) {
	ink := func(answer string) int {
		total := 0
		for range 8 {
			data, err := paint(answer)
			require.NoError(t, err)
			m := decode(t, data, digitsWidth, digitsHeight, 16<<10)
			for y := range digitsHeight {
				for x := range digitsWidth {
					if _, _, _, a := m.At(x, y).RGBA(); a > 0 {
						total++
					}
				}
			}
		}
		return total
	}
	require.Greater(t, ink("88888"), ink("11111")*5/4)
}

// TestThePieceFitsItsPlaceAlone puts the piece back by what is told of it: where
// the answer says, the picture around goes on in it; anywhere else the hole stays.
func TestThePieceFitsItsPlaceAlone(t *testing.T) {
	for seed := range byte(4) {
		p := drawn(t, seeded(seed), app.SliderChallenge)
		whole := decode(t, p.Image, 320, 160, 96<<10)
		piece := decode(t, p.Piece, p.PieceSize, p.PieceSize, 16<<10)
		x, err := strconv.Atoi(p.Answer.Reveal())
		require.NoError(t, err)
		require.GreaterOrEqual(t, x, p.PieceSize, "not where the piece lies at first")
		require.LessOrEqual(t, x+p.PieceSize, p.Width)
		require.GreaterOrEqual(t, p.PieceTop, 0)
		require.LessOrEqual(t, p.PieceTop+p.PieceSize, p.Height)

		best, at := -1, -1
		for place := p.PieceSize; place+p.PieceSize <= p.Width; place++ {
			if off := mismatch(whole, piece, place, p.PieceTop); best < 0 || off < best {
				best, at = off, place
			}
		}
		require.Equal(t, x, at, "seed %d", seed)
	}
}

// mismatch is how far the picture is from being the piece in the shade, at that
// place.
func mismatch(whole, piece image.Image, x, y int) int {
	total := 0
	for py := 0; py < pieceSize; py += 4 { // a sample tells enough
		for px := 0; px < pieceSize; px += 4 {
			r, g, b, a := piece.At(px, py).RGBA()
			if a != 0xffff {
				continue
			}
			wr, wg, wb, _ := whole.At(x+px, y+py).RGBA()
			for _, pair := range [][2]uint32{{r, wr}, {g, wg}, {b, wb}} {
				shaded := int(pair[0]>>8) * (255 - 140) / 255
				total += max(shaded-int(pair[1]>>8), int(pair[1]>>8)-shaded)
			}
		}
	}
	return total
}

func TestSlidersDiffer(t *testing.T) {
	seen := map[app.Secret]bool{}
	for range 30 {
		seen[drawn(t, New(), app.SliderChallenge).Answer] = true
	}
	require.Greater(t, len(seen), 15)
	first, again := drawn(t, seeded(1), app.SliderChallenge), drawn(t, seeded(1), app.SliderChallenge)
	require.Equal(t, first, again)
}

func TestManyAtOnce(t *testing.T) {
	p := New()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			_, err := p.Draw([]app.ChallengeKind{app.SliderChallenge, app.PictureChallenge}[i%2])
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestUnknownKind(t *testing.T) {
	_, err := New().Draw("riddle")
	require.Equal(t, app.Internal, app.KindOf(err))
	require.Error(t, err)
}

func BenchmarkDraw(b *testing.B) {
	for _, kind := range []app.ChallengeKind{app.PictureChallenge, app.SliderChallenge} {
		b.Run(string(kind), func(b *testing.B) {
			p := New()
			for b.Loop() {
				if _, err := p.Draw(kind); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
