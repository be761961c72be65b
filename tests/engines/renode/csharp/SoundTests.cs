// Sound: WAV files and bits through microphone, PIO and DMA into Renode's memory.
using System;
using System.IO;
using System.Linq;
using System.Text;

using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.Sound;

using static Check;

public static class SoundTests
{
    public static void Sound_goes_through_pio_and_dma_into_renodes_memory()
    {
        var rig = new Rig().Clocked();
        var microphone = new RP2040_PDMMicrophone(rig.Chip, 3, 2);
        microphone.PlayWav(Wav(16000, 1, n => (short)(12000 * Math.Sin(2 * Math.PI * 1000 * n / 16000)), 8000));
        rig.CapturePdm(Rig.Sram + 0x1000, 512);
        var writes = rig.Machine.SystemBus.MasterWrites;
        var scheduled = rig.Machine.Scheduled;
        rig.Wait(512UL * 32 * 976 + 100000);
        Equal(512, rig.Machine.SystemBus.MasterWrites - writes, "words");
        True(rig.Nvic[11], "DMA_IRQ_0");
        True(rig.Machine.Scheduled - scheduled < 512 * 6, "actions: " + (rig.Machine.Scheduled - scheduled));
        True(microphone.BitsHeard >= 512 * 32, "bits");
        // The decimated stream swings with the tone, 1024.6 bits to a period of 1 kHz.
        var sums = Enumerable.Range(16, 240).Select(n => Ones(rig.SramBytes, 0x1000 + 8 * n, 8) - 32).ToArray();
        True(sums.Max() > 6 && sums.Min() < -6, "swing: " + sums.Max() + " " + sums.Min());
        var crossings = Enumerable.Range(1, 239).Count(n => sums[n - 1] < 0 && sums[n] >= 0);
        True(crossings >= 14 && crossings <= 18, "periods: " + crossings);
        rig.Write(Rig.Dma + 0x40C, 1);
        True(!rig.Nvic[11], "acknowledged");
    }

    public static void Bits_from_a_file_come_out_in_order()
    {
        var rig = new Rig().Clocked();
        var microphone = new RP2040_PDMMicrophone(rig.Chip, 3, 2);
        var bits = Path.GetTempFileName();
        File.WriteAllBytes(bits, Enumerable.Range(0, 64).Select(n => (byte)(37 * n + 11)).ToArray());
        microphone.PlayBits(bits);
        rig.CapturePdm(Rig.Sram, 8);
        rig.Wait(8 * 32 * 976 + 50000);
        var given = BitString(File.ReadAllBytes(bits), 0, 64);
        var heard = BitString(rig.SramBytes, 0, 32);
        True(given.Contains(heard.Substring(2)), "order");
        var nowhere = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Throws<RecoverableException>(() => microphone.PlayBits(nowhere), nowhere + " cannot be read: there is no such file");
        Throws<RecoverableException>(() => microphone.PlayWav(nowhere), "there is no such file");
        Throws<RecoverableException>(() => microphone.PlayWav(Path.GetTempPath()), "cannot be read");
        microphone.Break("stuck_low");
        Throws<RecoverableException>(() => microphone.Break("loose"), "stuck_low");
    }

    public static void Wav_files_that_are_no_16_bit_pcm_are_refused_with_a_remedy()
    {
        var rig = new Rig();
        var microphone = new RP2040_PDMMicrophone(rig.Chip, 3, 2);
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "something else entirely");
        Throws<RecoverableException>(() => microphone.PlayWav(path), "no WAV");
        var eight = File.ReadAllBytes(Wav(16000, 1, n => 0, 10));
        eight[34] = 8;
        File.WriteAllBytes(path, eight);
        Throws<RecoverableException>(() => microphone.PlayWav(path), "16-bit PCM");
        microphone.PlayWav(Wav(44100, 2, n => 5, 4410));
        Throws<RecoverableException>(() => microphone.PlayWav(Wav(4000, 1, n => 5, 400)), "8000 to 192000");
    }

    public static void The_monitors_thread_stops_the_processor_first_and_the_processors_own_does_not()
    {
        var rig = new Rig().Clocked();
        Throws<ConstructionException>(() => new RP2040_PDMMicrophone(rig.Chip, 3, 3), "pin");
        var microphone = new RP2040_PDMMicrophone(rig.Chip, 3, 2);
        var bits = Path.GetTempFileName();
        File.WriteAllBytes(bits, new byte[8]);
        var commands = new Action[]
        {
            () => microphone.PlayWav(Wav(16000, 1, n => 5, 160)),
            () => microphone.PlayBits(bits),
            () => microphone.Break("missing"),
            () => microphone.Analog(1, 0),
            () => microphone.Timebase(0),
            () => rig.Gpio.Brightness(25),
            () => rig.Uart.Peek(0x18),
            () => rig.Chip.Boot(),
        };
        foreach(var command in commands.Take(commands.Length - 1))
        {
            var before = rig.Machine.Pauses;
            command();
            Equal(before + 1, rig.Machine.Pauses, "from another thread");
            rig.Cpu.Blocks.Enqueue(new TranslationCPU.Block { Pc = Rig.Sram, Instructions = 1, Access = command });
            rig.Wait(8);
            Equal(before + 1, rig.Machine.Pauses, "from the processor's own");
        }
        Throws<RecoverableException>(() => commands.Last()(), "second-stage");
        Equal(commands.Length + 1, rig.Machine.Pauses, "a boot as well, and the start of the rig");
    }

    public static void After_a_reset_of_the_board_the_microphone_hears_at_once()
    {
        var rig = new Rig().Clocked();
        var microphone = new RP2040_PDMMicrophone(rig.Chip, 3, 2);
        microphone.PlayWav(Wav(16000, 1, n => (short)(n < 16000 ? 0 : 12000 * Math.Sin(2 * Math.PI * 1000 * n / 16000)), 48000));
        rig.Wait(1500000000); // half a second into the tone
        foreach(var again in new[] { false, true })
        {
            rig.Chip.Reset();
            rig.Clocked();
            if(again)
            {
                microphone.PlayWav(Wav(16000, 1, n => (short)(12000 * Math.Sin(2 * Math.PI * 1000 * n / 16000)), 16000));
            }
            rig.CapturePdm(Rig.Sram + 0x1000, 512);
            rig.Wait(512UL * 32 * 976 + 100000);
            var sums = Enumerable.Range(64, 192).Select(n => Ones(rig.SramBytes, 0x1000 + 8 * n, 8) - 32).ToArray();
            True(sums.Max() > 6 && sums.Min() < -6, "swing: " + sums.Max() + " " + sums.Min());
            rig.Wait(2000000000); // the sound ends
        }
    }

    private static string Wav(uint rate, ushort channels, Func<int, short> sample, int frames)
    {
        var path = Path.GetTempFileName();
        using(var w = new BinaryWriter(File.Create(path)))
        {
            w.Write(Encoding.ASCII.GetBytes("RIFF"));
            w.Write(36 + frames * channels * 2);
            w.Write(Encoding.ASCII.GetBytes("WAVEfmt "));
            w.Write(16);
            w.Write((ushort)1);
            w.Write(channels);
            w.Write(rate);
            w.Write(rate * channels * 2);
            w.Write((ushort)(channels * 2));
            w.Write((ushort)16);
            w.Write(Encoding.ASCII.GetBytes("data"));
            w.Write(frames * channels * 2);
            for(var n = 0; n < frames; n++)
            {
                for(var c = 0; c < channels; c++)
                {
                    w.Write(sample(n));
                }
            }
        }
        return path;
    }

    private static int Ones(byte[] bytes, int at, int count)
    {
        return BitString(bytes, at, count).Count(c => c == '1');
    }

    private static string BitString(byte[] bytes, int at, int count)
    {
        return string.Concat(bytes.Skip(at).Take(count).Select(b => new string(Convert.ToString(b, 2).PadLeft(8, '0').Reverse().ToArray())));
    }
}
