import { OneOf, Text, TextOrTexts, Variants } from '../messages/fields.ts';

/** A ZIP archive inside the message, as base64. */
export class InlineVolume {
  @OneOf(['inline']) volume_type = 'inline' as const;
  @Text() contents!: string;
  @Text({ max: 4096 }) relative_path: string | null = null;
}

/** A ZIP archive behind a URL. */
export class ZipUrlVolume {
  @OneOf(['zip_url']) volume_type = 'zip_url' as const;
  /** The URL. */
  @Text({ max: 65_536 }) contents!: string;
  @Text({ max: 4096 }) relative_path: string | null = null;
}

/** One file behind a URL, stored at `relative_path`. */
export class SingleFileVolume {
  @OneOf(['single_file']) volume_type = 'single_file' as const;
  @Text({ max: 65_536 }) url!: string;
  @Text({ max: 4096 }) relative_path!: string;
}

/** Files of a Hugging Face repository. */
export class HuggingfaceVolume {
  @OneOf(['huggingface_volume']) volume_type = 'huggingface_volume' as const;
  @Text({ max: 1024 }) repo_id!: string;
  /** `model`, `dataset` or `space`; null means `model`. Anything else fails when it is downloaded. */
  @Text({ max: 1024 }) repo_type: string | null = null;
  @Text({ max: 1024 }) revision: string | null = null;
  @Text({ max: 4096 }) relative_path: string | null = null;
  /** One pattern or a list of them. */
  @TextOrTexts() allow_patterns: string | string[] | null = null;
  @Text({ max: 4096 }) token: string | null = null;
}

export type SingleVolume = InlineVolume | ZipUrlVolume | SingleFileVolume | HuggingfaceVolume;

export const singleVolumeClasses = () => [InlineVolume, ZipUrlVolume, SingleFileVolume, HuggingfaceVolume];

/** Several volumes in one folder; they are not nested. */
export class MultiVolume {
  @OneOf(['multi_volume']) volume_type = 'multi_volume' as const;
  @Variants('volume_type', singleVolumeClasses) volumes!: SingleVolume[];
}

/** The files that a job finds in its folder /volume. */
export type Volume = SingleVolume | MultiVolume;

export const volumeClasses = () => [...singleVolumeClasses(), MultiVolume];
