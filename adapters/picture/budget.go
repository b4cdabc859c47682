package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// MaxDecoded bounds the memory that decoding a picture takes, in bytes. A PNG of
// MaxSide a side with 8 bits a channel just fits, with 16 bits half as many
// pixels do. A JPEG of MaxSide a side fits unless it is progressive.
const MaxDecoded = 96 << 20

// startOfProgressive marks the frame of a progressive JPEG.
const startOfProgressive = 0xc2

// decodedSize estimates, never too low, how many bytes decoding takes.
func decodedSize(kind string, c image.Config, data []byte) int64 {
	pixels := int64(c.Width) * int64(c.Height)
	switch kind {
	case "image/jpeg":
		samples := pixels * bytesPerPixel(c.ColorModel)
		if subsampled, progressive := progressiveSamples(pixels, data); progressive {
			return min(samples, subsampled) * 5 // a byte, and a coefficient of four, for each
		}
		return samples
	case "image/webp":
		return 2 * pixels * bytesPerPixel(c.ColorModel) // a lossless one is transformed between two buffers
	case "image/png":
		size := pixels * bytesPerPixel(c.ColorModel)
		return size + size/2 // the largest pass of an interlaced one has half of the pixels
	}
	return pixels * bytesPerPixel(c.ColorModel)
}

// bytesPerPixel counts the bytes that a decoded pixel takes.
func bytesPerPixel(m color.Model) int64 {
	switch m {
	case color.GrayModel, color.AlphaModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.YCbCrModel:
		return 3
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, paletted := m.(color.Palette); paletted {
		return 1
	}
	return 4
}

// progressiveSamples counts the samples of a progressive JPEG of so many pixels
// by the sampling factors of its frame. Of a frame that cannot be read, every
// pixel counts four samples.
func progressiveSamples(pixels int64, data []byte) (samples int64, progressive bool) {
	const fixed = 10 // marker, length, precision, height, width, number of components
	at := bytes.Index(data, []byte{0xff, startOfProgressive})
	if at < 0 {
		return 0, false
	}
	frame := data[at:]
	if len(frame) < fixed || len(frame) < 2+int(binary.BigEndian.Uint16(frame[2:])) {
		return 4 * pixels, true
	}
	var most, sum int64
	components := frame[fixed:]
	for range frame[fixed-1] {
		if len(components) < 3 {
			return 4 * pixels, true
		}
		factors := int64(components[1]>>4) * int64(components[1]&15)
		most, sum, components = max(most, factors), sum+factors, components[3:]
	}
	if most == 0 {
		return 4 * pixels, true
	}
	return (pixels*sum + most - 1) / most, true
}
