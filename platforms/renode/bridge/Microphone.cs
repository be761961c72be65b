// The PDM microphone on two pins of the chip, and the sound that it hears.
using System;
using System.IO;
using System.Text;

using Antmicro.Migrant.Hooks;
using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.Miscellaneous;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Sound
{
    public class RP2040_PDMMicrophone : IPeripheral
    {
        public RP2040_PDMMicrophone(RP2040 chip, uint clockPin, uint dataPin, bool right = false, uint seed = 1)
        {
            this.chip = chip;
            this.clockPin = clockPin;
            this.dataPin = dataPin;
            this.right = right;
            this.seed = seed;
            Attach();
        }

        /// <summary>At the beginning, and after a load; the state that the microphone had comes with the chip's.</summary>
        [PostDeserialization]
        private void Attach()
        {
            if(Native.rp2040_mic_attach(chip.Handle, clockPin, dataPin, right ? 1u : 0u, seed) != Native.Ok)
            {
                throw new ConstructionException(Native.Error(chip.Handle));
            }
        }

        public void Reset()
        {
            // A microphone has no reset: it goes on hearing.
        }

        /// <summary>Plays a WAV file, 16-bit PCM of 8 to 192 kHz, from now on.</summary>
        public void PlayWav(string name)
        {
            uint channels, rate;
            var samples = ReadWav(ReadFile(name), name, out channels, out rate);
            using(chip.Hold())
            {
                chip.Synchronise();
                chip.Check(Native.rp2040_mic_play(chip.Handle, samples, (UIntPtr)(samples.Length / channels), channels, rate));
            }
            this.Log(LogLevel.Info, "{0}: {1:0.00} s", name, samples.Length / channels / (double)rate);
        }

        /// <summary>Puts out a file of PDM bits, lowest bit of the first byte first, one per clock from the next on.</summary>
        public void PlayBits(string name)
        {
            var bytes = ReadFile(name);
            using(chip.Hold())
            {
                chip.Check(Native.rp2040_mic_push_bits(chip.Handle, bytes, (UIntPtr)(8 * (ulong)bytes.Length)));
            }
            this.Log(LogLevel.Info, "{0}: {1} bits", name, 8 * (long)bytes.Length);
        }

        /// <summary>none, missing, stuck_low or stuck_high.</summary>
        public void Break(string fault)
        {
            var index = Array.IndexOf(faults, fault);
            if(index < 0)
            {
                throw new RecoverableException("microphone faults are " + string.Join(", ", faults));
            }
            using(chip.Hold())
            {
                chip.Synchronise();
                chip.Check(Native.rp2040_mic_fault(chip.Handle, (uint)index));
            }
        }

        /// <summary>Gain (1 = none) and offset (full scale = 1) before the modulator.</summary>
        public void Analog(double gain, double offset)
        {
            RP2040_Range.Check("gain", gain, 0, 1000);
            RP2040_Range.Check("offset", offset, -1, 1);
            using(chip.Hold())
            {
                chip.Check(Native.rp2040_mic_analog(chip.Handle, (int)Math.Round(gain * 4096), (int)Math.Round(offset * (1 << 23))));
            }
        }

        /// <summary>0: sound by emulated time; else bit n hears the sound at n / rate seconds.</summary>
        public void Timebase(long rate)
        {
            RP2040_Range.Check("rate", rate, 0, uint.MaxValue);
            using(chip.Hold())
            {
                chip.Check(Native.rp2040_mic_timebase(chip.Handle, (uint)rate));
            }
        }

        public ulong BitsHeard { get { return Native.rp2040_mic_bits(chip.Handle); } }

        /// <summary>
        /// A file that the monitor was given. Renode's own type for such parameters answers a missing file with the command's
        /// signature, which does not say what is wrong.
        /// </summary>
        private static byte[] ReadFile(string name)
        {
            try
            {
                return File.ReadAllBytes(name);
            }
            catch(Exception e) when(e is IOException || e is UnauthorizedAccessException || e is ArgumentException || e is NotSupportedException)
            {
                throw new RecoverableException(string.Format("{0} cannot be read: {1}", name, File.Exists(name) ? e.Message : "there is no such file"));
            }
        }

        /// <summary>Samples of a RIFF WAVE file, interleaved.</summary>
        public static short[] ReadWav(byte[] file, string name, out uint channels, out uint rate)
        {
            channels = 0;
            rate = 0;
            if(file.Length < 12 || Encoding.ASCII.GetString(file, 0, 4) != "RIFF" || Encoding.ASCII.GetString(file, 8, 4) != "WAVE")
            {
                throw new RecoverableException(name + " is no WAV file");
            }
            for(long at = 12; at + 8 <= file.Length;)
            {
                var kind = Encoding.ASCII.GetString(file, (int)at, 4);
                long size = BitConverter.ToUInt32(file, (int)at + 4);
                at += 8;
                size = Math.Min(size, file.Length - at); // the last chunk may be cut short
                if(kind == "fmt " && size >= 16)
                {
                    var format = BitConverter.ToUInt16(file, (int)at);
                    channels = BitConverter.ToUInt16(file, (int)at + 2);
                    rate = BitConverter.ToUInt32(file, (int)at + 4);
                    var bits = BitConverter.ToUInt16(file, (int)at + 14);
                    if((format != 1 && format != 0xFFFE) || bits != 16 || channels == 0)
                    {
                        throw new RecoverableException(string.Format(
                            "{0} has format {1} with {2} bits; convert it to 16-bit PCM, e.g. sox in.wav -b 16 out.wav", name, format, bits));
                    }
                }
                else if(kind == "data" && channels != 0)
                {
                    var samples = new short[size / (2 * channels) * channels];
                    Buffer.BlockCopy(file, (int)at, samples, 0, samples.Length * 2);
                    return samples;
                }
                at += size + (size & 1);
            }
            throw new RecoverableException(name + " has no sound in it");
        }

        private readonly RP2040 chip;
        private readonly uint clockPin, dataPin, seed;
        private readonly bool right;
        private static readonly string[] faults = { "none", "missing", "stuck_low", "stuck_high" };
    }
}
