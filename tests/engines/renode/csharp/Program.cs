// The bridge against the real librp2040: each public method of the *Tests classes is a test.
// Run: mono tests.exe [FIRMWARE.bin]
using System;
using System.IO;
using System.Linq;
using System.Reflection;

public static class Program
{
    public static byte[] Firmware;

    public static int Main(string[] arguments)
    {
        Firmware = arguments.Length > 0 ? File.ReadAllBytes(arguments[0]) : null;
        var failed = 0;
        var classes = new[] { typeof(AccessTests), typeof(BlockTests), typeof(BusTests), typeof(SoundTests), typeof(ProcessorTests), typeof(RunnerTests), typeof(CoresTests) };
        foreach(var test in classes.SelectMany(c => c.GetMethods(BindingFlags.Public | BindingFlags.Static)))
        {
            try
            {
                test.Invoke(null, null);
                Console.WriteLine("ok   " + test.Name);
            }
            catch(TargetInvocationException e)
            {
                failed++;
                Console.WriteLine("FAIL " + test.Name + ": " + e.InnerException.Message.Replace("\n", " ") + e.InnerException.StackTrace);
            }
        }
        return failed == 0 ? 0 : 1;
    }
}
