import { defaultDarkTheme, defaultLightTheme, type RaThemeOptions } from 'react-admin';

const fonts = { fontFamily: 'system-ui, sans-serif' };

const withFonts = (theme: RaThemeOptions): RaThemeOptions => ({
  ...theme,
  typography: { ...theme.typography, ...fonts },
});

export const lightTheme = withFonts(defaultLightTheme);
export const darkTheme = withFonts(defaultDarkTheme);
