// Assertions.
using System;
using System.Collections.Generic;

public static class Check
{
    public static void True(bool condition, string what)
    {
        if(!condition)
        {
            throw new Exception(what);
        }
    }

    public static void Equal<T>(T expected, T actual, string what)
    {
        if(!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new Exception(string.Format("{0}: expected {1}, got {2}", what, expected, actual));
        }
    }

    public static void Throws<T>(Action action, string part) where T : Exception
    {
        try
        {
            action();
        }
        catch(T e)
        {
            True(e.Message.Contains(part), "message: " + e.Message);
            return;
        }
        throw new Exception("nothing was thrown, expected: " + part);
    }
}
